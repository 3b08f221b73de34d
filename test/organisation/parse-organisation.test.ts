import { describe, expect, test } from 'vitest';
import { parseOrganisation } from '../../src/organisation/parse-organisation.ts';

/** Every problem as `line:column path message`. */
function problemsOf(text: string): string[] {
  const parsed = parseOrganisation(text);
  return parsed.ok
    ? []
    : parsed.problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);
}

const GOOD = `version: 1
accounts:
  - name: Acme
    credit_limit_usd: 50
    teams: [{name: Research}]
    keys:
      - name: 007
        team: Research
        expires_at: 2030-01-01T01:00:00+01:00
        allowed_models: [b-model, a-model]
    quotas:
      - scope: {team: Research}
        window: month
        limit_usd: 9007199.254740991
`;

describe('a file', () => {
  test('is read with values in one form each', () => {
    const parsed = parseOrganisation(GOOD);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const [account] = parsed.organisation.accounts;
    expect(account?.values).toEqual({ name: 'Acme', credit_limit_usd: '50.00' });
    expect([...(account?.sections.keys() ?? [])]).toEqual(['teams', 'keys', 'quotas']);
    expect(account?.sections.get('keys')?.[0]?.values).toEqual({
      name: '007',
      team: { refer: 'team', name: 'Research' },
      member: null,
      allowed_models: ['a-model', 'b-model'],
      expires_at: '2030-01-01T00:00:00.000Z',
    });
    expect(account?.sections.get('quotas')?.[0]?.values).toMatchObject({
      scope: { refer: 'team', name: 'Research' },
      limit_usd: '9007199.254740991',
      limit_tokens: null,
      mode: 'hard',
    });
  });

  test('tells every mistake at once, each at its place, with the nearest name', () => {
    const text = `version: 2
accounts:
  - nmae: Acme
    mode: free
    low_balance_usd: [5, x]
    teams:
      - name: "a\\u0007b"
      - 7
    members: {}
    quotas:
      - scope: {team: A, key: B}
        window: total
        limit_usd: 1
        anchor_day: 0
      - scope: account
        window: day
        limit_usd: 1
        limit_tokens: 2
      - scope: account
        window: day
        limit_concurrency: 2
        models: []
`;
    expect(problemsOf(text)).toEqual([
      '1:10 version must be 1: this Tollgate reads no other',
      '3:5 accounts[0].nmae no such field; did you mean name?',
      '3:5 accounts[0] name is required',
      '4:11 accounts[0].mode must be one of prepaid, postpaid',
      '5:26 accounts[0].low_balance_usd[1] must be dollars such as "25.00", at most nine places and at most 9007199.254740991',
      '7:15 accounts[0].teams[0].name must be text without control characters and without blanks at its ends, at most 120 characters',
      '8:9 accounts[0].teams[1] must be a map of names to values',
      '9:14 accounts[0].members must be a list',
      '11:16 accounts[0].quotas[0].scope must be account, or one of {team: ...}, {member: ...}, {key: ...}',
      '14:21 accounts[0].quotas[0].anchor_day must be a whole number, 1 to 31',
      '17:20 accounts[0].quotas[1].limit_usd exactly one of limit_usd, limit_tokens, limit_requests, limit_concurrency is required',
      '20:17 accounts[0].quotas[2].window must be total for open calls: they are counted now, not by the calendar',
      '22:17 accounts[0].quotas[2].models must name a model, or be left out for all',
    ]);
  });

  test.each([
    ['', '1:1  is empty'],
    ['- 1', '1:1  must be a map of names to values'],
    ['version: 1', '1:1  accounts is required'],
    ['version: 1\naccounts: [}', /^2:12 .* is no valid YAML: /],
    ['version: 1\nversion: 1\naccounts: []', /^2:1 .* is no valid YAML: /],
    ['version: 1\naccounts: []\n---\nversion: 1', /is no valid YAML: /],
    ['version: 1\naccounts: &a [{name: x, teams: *a}]', '2:32 accounts[0].teams is an alias: write it out'],
    [
      'version: 1\naccounts: [{name: x, mode: prepaid, credit_limit_usd: 5}]',
      /credit_limit_usd is for postpaid accounts only/,
    ],
    [
      'version: 1\naccounts: [{name: x, quotas: [{scope: account, window: day, limit_concurrency: 1}]}]',
      /window must be total for open calls/,
    ],
    ['['.repeat(200_000), /nested too deeply|is no valid YAML/],
    ['x'.repeat(5_000_000), '1:1  is longer than 4194304 characters'],
  ])('%.40s is refused', (text, problem) => {
    const [first] = problemsOf(text);
    if (typeof problem === 'string') expect(first).toBe(problem);
    else expect(first).toMatch(problem);
  });

  test('without a word in a section has none of it', () => {
    const parsed = parseOrganisation('version: 1\naccounts: [{name: x, teams: , members: []}]');
    expect(parsed.ok && [...(parsed.organisation.accounts[0]?.sections.keys() ?? [])]).toEqual(['members']);
  });
});
