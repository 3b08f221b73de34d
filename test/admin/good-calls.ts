import type { Json } from './admin-under-test.ts';
import type { Records } from './two-accounts.ts';

/** Values by the name that a path has for them. */
export type Ids = { [name: string]: string };

/** A call that succeeds: the refusals of what differs from it in one field are then about that field. */
export interface GoodCall {
  /** With as many of its fields as go together. */
  body?: Json;
  query?: { [name: string]: string };
  /** Values of path parameters that are not records of the account. */
  params?: Ids;
  /** A call of the installation: the account that its body names may be any. */
  namesAnyAccount?: boolean;
}

const LATER = '2027-06-01T00:00:00Z';
const ACCOUNT = {
  ...{ name: 'Acme', timezone: 'Europe/Berlin', mode: 'postpaid', credit_limit_usd: '5', low_balance_usd: ['5'] },
  ...{ on_disconnect: 'drain', on_exhausted: 'cut' },
  pricing: {
    multiplier: '1.25',
    overrides: [{ model: 'claude-opus-5-5', effective_from: LATER, input_usd_per_mtok: '2.5' }],
  },
};

/**
 * By the name of the call in the OpenAPI document. A call that is not here is made with the document's own examples;
 * where those do not do, it belongs here.
 */
export const GOOD_CALLS: { readonly [operationId: string]: (mine: Records) => GoodCall } = {
  createAccount: () => ({ body: ACCOUNT }),
  updateAccount: () => ({ body: { ...ACCOUNT, status: 'open' } }),
  createGrant: () => ({
    body: {
      ...{ amount_usd: '25.00', kind: 'paid', effective_at: '2026-12-01T00:00:00Z', expires_at: LATER, priority: 10 },
      ...{ models: ['claude-opus-5-5'], note: 'spring' },
    },
  }),
  updateTeam: () => ({ body: { name: 'Research' } }),
  deleteTeam: ({ spare_team_id }) => ({ params: { team_id: spare_team_id } }),
  deleteMember: ({ spare_member_id }) => ({ params: { member_id: spare_member_id } }),
  createMember: ({ team_id }) => ({ body: { name: 'Ada', email: 'ada@example.com', team_id } }),
  updateMember: ({ team_id }) => ({ body: { name: 'Ada', email: 'ada@example.com', team_id } }),
  createKey: ({ team_id, member_id }) => ({
    body: { name: 'laptop', team_id, member_id, expires_at: LATER, allowed_models: ['claude-opus-5-5'] },
  }),
  updateKey: ({ team_id, member_id }) => ({
    body: { name: 'laptop', team_id, member_id, expires_at: LATER, allowed_models: ['claude-opus-5-5'] },
  }),
  rotateKey: () => ({ body: { grace_seconds: 60 } }),
  createToken: ({ account_id, team_id }) => ({
    body: { name: 'ci', role: 'viewer', scope: { type: 'team', account_id, team_id }, expires_at: LATER },
  }),
  rotateToken: () => ({ body: { grace_seconds: 60 } }),
  createQuota: ({ team_id }) => ({
    body: {
      ...{ scope: { type: 'team', id: team_id }, window: 'month', anchor_day: 3, limit_usd: '5' },
      ...{ models: ['claude-opus-5-5'], mode: 'hard' },
    },
  }),
  updateQuota: () => ({ body: { limit_usd: '7', models: ['claude-opus-5-5'], mode: 'soft', raises: null } }),
  raiseQuota: () => ({ body: { limit_usd: '9', from: '2026-11-21T10:00:00Z', until: '2026-11-21T12:00:00Z' } }),
  createRefund: ({ hold_id }) => ({ body: { hold_id, amount_usd: '0.5', note: 'broken' } }),
  createCorrection: ({ hold_id }) => ({ body: { hold_id, charge_usd: '0.75', note: 'invoice' } }),
  setAutoReload: () => ({
    body: {
      ...{ enabled: true, threshold_usd: '5', mode: 'fixed', amount_usd: '10', monthly_cap_usd: '50' },
      hourly_limit: 2,
    },
  }),
  answerReload: () => ({ body: { outcome: 'paid', reference: 'ch_1' } }),
  createAccountAlert: ({ channel_id }) => ({ body: { kind: 'balance_low', amount_usd: '5', channels: [channel_id] } }),
  createAlert: () => ({ body: { kind: 'unpriced_model', name: 'prices', quiet_seconds: 60 } }),
  updateAccountAlert: () => ({ body: { amount_usd: '7', enabled: false } }),
  updateAlert: () => ({ body: { amount_usd: '7', enabled: false } }),
  createAlertChannel: () => ({
    body: { name: 'chat', type: 'slack', url: 'https://hooks.example/x' },
    namesAnyAccount: true,
  }),
  updateAlertChannel: () => ({ body: { name: 'chat', enabled: false } }),
  readStatement: () => ({ params: { month: '2026-11' } }),
  readUsage: () => ({
    query: { from: '2026-11-20T00:00:00Z', to: '2026-11-22T00:00:00Z', bucket: 'hour', group_by: 'model,team' },
  }),
};
