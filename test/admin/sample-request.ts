import type { TokenRole } from '../../src/directory/access-token.ts';
import type { Json, RouteUnderTest } from './admin-under-test.ts';
import type { Records } from './two-accounts.ts';

/** Bodies that a schema alone does not tell how to fill. */
const BODIES: { readonly [route: string]: (records: Records, role: TokenRole) => object } = {
  // What is money's and what is the owner's to change are fields of one call.
  'PATCH /admin/v1/accounts/:account_id': (_, role) =>
    role === 'billing' ? { on_exhausted: 'cut' } : { on_disconnect: 'cancel' },
  'POST /admin/v1/accounts/:account_id/grants': () => ({ amount_usd: '1', kind: 'paid' }),
  'POST /admin/v1/accounts/:account_id/refunds': ({ hold_id }) => ({ hold_id }),
  'POST /admin/v1/accounts/:account_id/corrections': ({ hold_id }) => ({ hold_id, charge_usd: '0.5' }),
  'POST /admin/v1/accounts/:account_id/keys': () => ({ name: 'x' }),
  'POST /admin/v1/accounts/:account_id/quotas': ({ member_id }) => ({
    ...{ scope: { type: 'member', id: member_id }, window: 'hour', limit_usd: '1' },
  }),
  'PATCH /admin/v1/accounts/:account_id/quotas/:quota_id': () => ({ mode: 'soft' }),
  'POST /admin/v1/accounts/:account_id/quotas/:quota_id/raises': () => ({
    limit_usd: '1',
    until: '2027-01-01T00:00:00Z',
  }),
  'POST /admin/v1/accounts/:account_id/alerts': () => ({ kind: 'burn_rate' }),
  'POST /admin/v1/alerts': () => ({ kind: 'burn_rate' }),
  'POST /admin/v1/alert-channels': () => ({ name: 'x', type: 'slack', url: 'https://hooks.example/x' }),
  'PUT /admin/v1/accounts/:account_id/auto-reload': () => ({ enabled: false }),
  'POST /admin/v1/tokens': ({ account_id }) => ({ name: 'x', role: 'viewer', scope: { type: 'account', account_id } }),
};

/** A body that fits a route and that a token of this role may send; undefined where it takes none. */
export function sampleBody(
  { method, url, schema }: RouteUnderTest,
  records: Records,
  role: TokenRole,
): object | undefined {
  if (schema.body === undefined) return undefined;
  const body = BODIES[`${method} ${url}`]?.(records, role);
  return body ?? sampleObject(schema.body);
}

/** The required fields; where none is and one is needed, the first. */
function sampleObject(schema: Json): object {
  const properties: [string, Json][] = Object.entries(schema.properties ?? {});
  const required: string[] = schema.required ?? [];
  const named = required.length === 0 && schema.minProperties > 0 ? [properties[0]?.[0] ?? ''] : required;
  return Object.fromEntries(
    properties.filter(([name]) => named.includes(name)).map(([name, one]) => [name, sample(one)]),
  );
}

function sample(schema: Json): unknown {
  const [variant] = schema.anyOf ?? schema.oneOf ?? [];
  if (variant !== undefined) return sample(variant);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.examples !== undefined) return schema.examples[0];
  const type = [schema.type].flat()[0];
  if (type === 'object') return sampleObject(schema);
  if (type === 'array') return (schema.minItems ?? 0) > 0 ? [sample(schema.items)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  return type === 'boolean' ? true : 'x';
}

/** Queries that make a reading route tell as much as it can, others' ids asked for among them. */
export function sampleQueries({ method, url, schema }: RouteUnderTest, foreign: Records): string[] {
  if (method !== 'GET') return [''];
  if (url.startsWith('/v1/organizations/')) {
    const query = '?starting_at=2026-11-20T00:00:00Z&group_by[]=workspace_id';
    return [query, `${query}&group_by[]=${url.includes('cost') ? 'description' : 'api_key_id'}`].concat(
      url.includes('cost') ? [] : [`${query}&workspace_ids[]=${foreign.account_id}&api_key_ids[]=${foreign.key_id}`],
    );
  }
  const properties: { [name: string]: Json } = schema.querystring?.properties ?? {};
  const has = (name: string) => properties[name] !== undefined;
  return [
    '',
    ...(has('limit') ? ['?limit=200'] : []),
    ...(has('format') ? ['?format=csv'] : []),
    ...(has('group_by')
      ? ['?group_by=team,member,key', '?group_by=team,member,key&format=csv', '?group_by=session']
      : []),
    ...(has('newest') ? ['?newest=1000'] : []),
    ...(has('account_id') ? [`?account_id=${foreign.account_id}`] : []),
    ...(has('team_id') ? [`?team_id=${foreign.team_id}`] : []),
    ...(properties.after?.type === 'string'
      ? [
          foreign.team_id,
          foreign.member_id,
          foreign.key_id,
          foreign.quota_id,
          foreign.token_id,
          foreign.alert_id,
          foreign.channel_id,
          foreign.delivery_id,
          foreign.account_id,
        ].map((id) => `?after=${id}`)
      : []),
  ];
}
