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

const account = fc
  .record({ teams: names(3), members: names(3), keys: names(3), name, isPostpaid: fc.boolean(), credit: usd })
  .chain(({ teams, members, keys, isPostpaid, credit, name: own }) => {
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
          const at = [limit_usd, limit_tokens, limit_requests, limit_concurrency].findIndex((one) => one !== undefined);
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
const organisation = fc.uniqueArray(account, { maxLength: 3, selector: (one) => one.name });

async function inFresh<Answer>(use: (cli: OrganisationCli) => Promise<Answer>): Promise<Answer> {
  const cli = await openOrganisationCli();
  try {
    return await use(cli);
  } finally {
    await cli.close();
  }
}

function write(accounts: readonly object[]): string {
  return stringify({ version: 1, accounts }, { aliasDuplicateObjects: false });
}

/** Applies, and expects a second time to find nothing to do. */
async function applyTwice(cli: OrganisationCli, yaml: string): Promise<void> {
  expect(await cli.apply(yaml)).toMatchObject({ exitCode: 0 });
  expect((await cli.apply(yaml, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
}

test('what is exported changes nothing where it came from, and makes the same elsewhere', async () => {
  await fc.assert(
    fc.asyncProperty(organisation, organisation, async (accounts, later) => {
      const exported = await inFresh(async (cli) => {
        await applyTwice(cli, write(accounts));
        const text = await cli.exportAll();
        expect((await cli.apply(text, '--prune', '--yes')).json).toMatchObject({ has_changes: false, kept: [] });
        // From one state to any other, and back again.
        const both = {
          version: 1,
          accounts: later.map((one, index) => ({ ...one, name: accounts[index]?.name ?? one.name })),
        };
        if (new Set(both.accounts.map((one) => one.name)).size === both.accounts.length) {
          const moved = await cli.apply(write(both.accounts), '--prune', '--yes');
          expect([moved.exitCode, moved.error.replace(/Keep.*/s, '')]).toEqual([0, '']);
          expect((await cli.apply(write(both.accounts), '--prune', '--yes')).json).toMatchObject({
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
