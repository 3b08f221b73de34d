import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { isPlainText } from '../../src/domain/plain-text.ts';
import { type OrganisationCli, openOrganisationCli } from './organisation-cli.ts';

/** Names that YAML would take for something else, and any other. */
const name = fc
  .oneof(
    fc.constantFrom(
      'null',
      'yes',
      '~',
      '1e3',
      '007',
      '- a',
      'a: b',
      '#c',
      '{x}',
      '*a',
      '!t',
      '"q"',
      "'",
      'ключ',
      '🦊',
      'a  b',
    ),
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  )
  .filter((text) => isPlainText(text) && text.length <= 120);
const names = (maxLength: number) => fc.uniqueArray(name, { maxLength });
const usd = fc.bigInt({ min: 0n, max: 9_007_199_254_740_991n }).map((nano) => {
  const digits = nano.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
});
const models = fc.option(
  fc.uniqueArray(fc.constantFrom('claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-4-6'), { minLength: 1 }),
);
const families = fc.option(
  fc.uniqueArray(fc.constantFrom('haiku', 'sonnet', 'claude-haiku-4-5-20251001'), { minLength: 1 }),
);
const time = fc
  .integer({ min: Date.parse('2027-01-01'), max: Date.parse('2900-01-01') })
  .map((ms) => new Date(ms).toISOString());

/** Leaves out what is nothing. */
const given = (record: object) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
const pick = (from: readonly string[]) => (from.length === 0 ? fc.constant(null) : fc.option(fc.constantFrom(...from)));

const limit = fc.oneof(
  fc.record({ window: fc.constantFrom('minute', 'hour', 'day', 'week', 'month', 'total'), limit_usd: usd }),
  fc.record({ window: fc.constant('month'), anchor_day: fc.integer({ min: 1, max: 31 }), limit_tokens: fc.nat() }),
  fc.record({ window: fc.constant('day'), limit_requests: fc.nat() }),
  fc.record({ window: fc.constant('total'), limit_concurrency: fc.nat() }),
);

/** As the file has alerts, channels and auto-reload; alerts refer to what there is. */
const flags = fc.record({
  recovery: fc.boolean(),
  enabled: fc.boolean(),
  quiet_seconds: fc.integer({ min: 0, max: 2_592_000 }),
});
const share = fc.integer({ min: 1, max: 1_000_000 }).map((millionths) => millionths / 1e6);
const positiveUsd = usd.filter((text) => !/^0+\.0+$/.test(text));
const term = fc.oneof(
  fc.record({ kind: fc.constant('balance_low'), amount_usd: usd }),
  fc.record({ kind: fc.constant('balance_low'), share_of_last_purchase: share }),
  fc.record({ kind: fc.constant('balance_low'), hours_left: fc.integer({ min: 1, max: 8_760 }) }),
  fc.record({ kind: fc.constant('quota_used'), shares: fc.uniqueArray(share, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('burn_rate'),
    factor: fc.integer({ min: 1_100, max: 1_000_000 }).map((thousandths) => thousandths / 1e3),
    minimum_usd: positiveUsd,
  }),
  fc.record({ kind: fc.constant('credit_expiry'), days: fc.integer({ min: 1, max: 365 }) }),
  fc.constant({ kind: 'reload_failed' }),
);
const channels = fc.uniqueArray(
  fc.record({
    name,
    type: fc.constant('email'),
    to: fc.uniqueArray(fc.constantFrom('a@example.com', 'b@example.com', 'c@example.com'), { minLength: 1 }),
    default: fc.boolean(),
    enabled: fc.boolean(),
  }),
  { maxLength: 3, selector: (one) => one.name },
);
const alertsOf = (own: readonly { name: string }[], outer: readonly { name: string }[], isOfInstallation: boolean) => {
  const names = own.map((channel) => channel.name);
  const targets: (string | { installation: string })[] = [
    ...names,
    ...outer.map((channel) => ({ installation: channel.name })),
  ];
  const told = fc.option(
    targets.length === 0 ? fc.constant<typeof targets>([]) : fc.uniqueArray(fc.constantFrom(...targets)),
  );
  const alert = fc
    .tuple(term, fc.option(name), told, flags)
    .map(([terms, called, to, rest]) => given({ ...terms, name: called, channels: to, ...rest }) as { kind: string });
  // All of them, as an export has them: one that is left out stays as it is, and so does the channel that it names.
  const builtIn = (kind: string) =>
    fc
      .tuple(told, flags)
      .map(([to, rest]) => given({ kind, built_in: true, channels: to, ...rest }) as { kind: string });
  // Of one name and kind there is one: what is left over could not be told apart by names.
  const selector = (one: object) => JSON.stringify({ ...one, channels: null });
  if (!isOfInstallation) return fc.uniqueArray(alert, { maxLength: 4, selector });
  const changed = fc.tuple(builtIn('store_down'), builtIn('ledger_drift'), builtIn('reload_failed'));
  return fc.tuple(fc.uniqueArray(alert, { maxLength: 3, selector }), changed).map((both) => both.flat());
};
const cents = (min: number) => fc.integer({ min, max: 100_000_000 }).map((amount) => (amount / 100).toFixed(2));
const reload = fc.oneof(
  fc.constant({ enabled: false }),
  fc.record({
    enabled: fc.constant(true),
    threshold_usd: fc.constantFrom('0', '0.000000001', '5'),
    mode: fc.constant('fixed'),
    amount_usd: cents(100),
    monthly_cap_usd: cents(100),
    hourly_limit: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({
    enabled: fc.constant(true),
    threshold_usd: fc.constantFrom('0', '5'),
    target_usd: cents(501),
    monthly_cap_usd: cents(100),
  }),
);

const accountOf = (outer: readonly { name: string }[]) =>
  fc
    .record({
      channels,
      teams: names(3),
      members: names(3),
      keys: names(3),
      name,
      isPostpaid: fc.boolean(),
      credit: usd,
    })
    .chain(({ channels: told, teams, members, keys, isPostpaid, credit, name: own }) => {
      const scopes = [
        'account',
        ...teams.map((team) => ({ team })),
        ...members.map((member) => ({ member })),
        ...keys.map((key) => ({ key })),
      ];
      const quota = fc
        .tuple(fc.constantFrom<object | string>(...scopes), limit, families, fc.constantFrom('hard', 'soft', 'shadow'))
        .map(([scope, most, counted, mode]) =>
          // A key's quota must name a model that the key may call.
          given({ scope, ...most, models: typeof scope === 'object' && 'key' in scope ? null : counted, mode }),
        );
      return fc.record({
        name: fc.constant(own),
        timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
        mode: fc.constant(isPostpaid ? 'postpaid' : 'prepaid'),
        credit_limit_usd: fc.constant(isPostpaid ? credit : '0'),
        on_exhausted: fc.constantFrom('refuse', 'cut', 'finish'),
        low_balance_usd: fc.array(usd, { maxLength: 4 }),
        pricing: fc.record({ multiplier: fc.option(fc.constantFrom('1.25', '0.500', '2')) }),
        auto_reload: isPostpaid ? fc.constant({ enabled: false }) : reload,
        alert_channels: fc.constant(told),
        alerts: alertsOf(told, outer, false),
        teams: fc.constant(teams.map((team) => ({ name: team }))),
        members: fc.tuple(...members.map((member) => pick(teams).map((team) => given({ name: member, team })))),
        keys: fc.tuple(
          ...keys.map((key) =>
            fc
              .tuple(pick(teams), pick(members), models, fc.option(time))
              .map(([team, member, allowed, expires]) =>
                given({ name: key, team, member, allowed_models: allowed, expires_at: expires }),
              ),
          ),
        ),
        quotas: fc.uniqueArray(quota, {
          maxLength: 6,
          selector: ({
            limit_usd,
            limit_tokens,
            limit_requests,
            limit_concurrency,
            ...counted
          }: Record<string, unknown>) => {
            const at = [limit_usd, limit_tokens, limit_requests, limit_concurrency].findIndex(
              (one) => one !== undefined,
            );
            return JSON.stringify([
              counted.scope,
              counted.window,
              counted.anchor_day,
              [...((counted.models as string[]) ?? [])].sort(),
              counted.mode,
              at,
            ]);
          },
        }),
      });
    });
/** Some alerts are of one quota, said as an export says it. */
function watchQuotas<Account extends { alerts: readonly object[]; quotas: readonly Record<string, unknown>[] }>(
  account: Account,
): Account {
  const alerts = account.alerts.map((alert, index) => {
    const quota = account.quotas[index];
    if (quota === undefined || !('shares' in alert)) return alert;
    const measure = ['usd', 'tokens', 'requests', 'concurrency'].find((one) => `limit_${one}` in quota);
    const { scope, window, anchor_day, models, mode } = quota;
    return { ...alert, quota: JSON.parse(JSON.stringify({ scope, window, anchor_day, measure, models, mode })) };
  });
  return { ...account, alerts };
}

const organisation = channels.chain((outer) =>
  fc.record({
    alert_channels: fc.constant(outer),
    alerts: alertsOf(outer, [], true),
    accounts: fc.uniqueArray(accountOf(outer).map(watchQuotas), { maxLength: 3, selector: (one) => one.name }),
  }),
);

async function inFresh<Answer>(use: (cli: OrganisationCli) => Promise<Answer>): Promise<Answer> {
  const cli = await openOrganisationCli();
  try {
    return await use(cli);
  } finally {
    await cli.close();
  }
}

function write(content: object): string {
  return stringify({ version: 1, ...content }, { aliasDuplicateObjects: false });
}

/** Applies, and expects a second time to find nothing to do. */
async function applyTwice(cli: OrganisationCli, yaml: string): Promise<void> {
  expect(await cli.apply(yaml)).toMatchObject({ exitCode: 0 });
  expect((await cli.apply(yaml, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
}

test('what is exported changes nothing where it came from, and makes the same elsewhere', async () => {
  await fc.assert(
    fc.asyncProperty(organisation, organisation, async (first, later) => {
      const exported = await inFresh(async (cli) => {
        await applyTwice(cli, write(first));
        const text = await cli.exportAll();
        expect((await cli.apply(text, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
        // From one state to any other, and back again.
        const both = {
          ...later,
          accounts: later.accounts.map((one, index) => ({ ...one, name: first.accounts[index]?.name ?? one.name })),
        };
        if (new Set(both.accounts.map((one) => one.name)).size === both.accounts.length) {
          const moved = await cli.apply(write(both), '--prune', '--yes');
          expect([moved.exitCode, moved.error.replace(/Keep.*/s, '')]).toEqual([0, '']);
          expect((await cli.apply(write(both), '--prune', '--yes')).json).toMatchObject({
            has_changes: false,
            kept: [],
          });
          expect(await cli.apply(text, '--prune', '--yes')).toMatchObject({ exitCode: 0 });
          expect((await cli.apply(text, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
        }
        return text;
      });
      await inFresh(async (cli) => {
        await applyTwice(cli, exported);
        expect(await cli.exportAll()).toBe(exported);
      });
    }),
    { numRuns: 15 },
  );
}, 120_000);
