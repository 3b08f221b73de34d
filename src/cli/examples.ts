import type { Command } from 'commander';

/** What `--help` of a command shows at its end, by the command. */
export const EXAMPLES: { readonly [command: string]: readonly string[] } = {
  serve: ['serve'],
  'account create': [
    'account create Acme --timezone Europe/Berlin --low-balance-usd 20 5',
    'account create Acme --mode postpaid --credit-limit-usd 500',
  ],
  'account list': ['account list', 'account list --all --json'],
  'account show': ['account show acct_...'],
  'account update': [
    'account update acct_... --status frozen',
    'account update acct_... --on-exhausted refuse --no-low-balance-usd',
  ],
  'account close': ['account close acct_... --yes'],
  'grant create': [
    'grant create acct_... --amount-usd 100 --note "First order" --idempotency-key order-4711',
    'grant create acct_... --amount-usd 10 --kind promotional --valid-days 30 --model haiku',
  ],
  'grant list': ['grant list acct_... --all'],
  'grant void': ['grant void acct_... grant_...'],
  'alerts list': ['alerts list', 'alerts list --account acct_... --all'],
  'alerts show': ['alerts show alert_... --account acct_...'],
  'alerts create': [
    'alerts create balance_low --account acct_... --amount-usd 20 --recovery',
    'alerts create quota_used --account acct_... --quota quota_... --share 0.8 1 --channel channel_...',
  ],
  'alerts update': ['alerts update alert_... --no-enabled', 'alerts update alert_... --quiet-seconds 3600'],
  'alerts delete': ['alerts delete alert_... --account acct_...'],
  'alerts test': ['alerts test channel_...'],
  'alerts deliveries': ['alerts deliveries --account acct_... --limit 20'],
  'alerts replay': ['alerts replay delivery_...'],
  'alerts channel list': ['alerts channel list'],
  'alerts channel create': [
    'alerts channel create webhook ops --url https://example.com/hook --default',
    'alerts channel create email finance --to finance@example.com --account acct_...',
  ],
  'alerts channel update': ['alerts channel update channel_... --no-default'],
  'alerts channel delete': ['alerts channel delete channel_...'],
  'auto-reload show': ['auto-reload show acct_...'],
  'auto-reload set': [
    'auto-reload set acct_... --threshold-usd 20 --amount-usd 100 --monthly-cap-usd 500',
    'auto-reload set acct_... --threshold-usd 20 --target-usd 150',
  ],
  'auto-reload off': ['auto-reload off acct_...'],
  'auto-reload answer': [
    'auto-reload answer acct_... reload_... paid --reference ch_123',
    'auto-reload answer acct_... reload_... declined --reason "card expired"',
  ],
  'team create': ['team create acct_... Research'],
  'team list': ['team list acct_...'],
  'team show': ['team show acct_... team_...'],
  'team update': ['team update acct_... team_... --name Science'],
  'team delete': ['team delete acct_... team_...'],
  'member create': ['member create acct_... Ada --email ada@example.com --team team_...'],
  'member list': ['member list acct_... --all'],
  'member show': ['member show acct_... mem_...'],
  'member update': ['member update acct_... mem_... --team team_...', 'member update acct_... mem_... --no-email'],
  'member delete': ['member delete acct_... mem_...'],
  'key create': [
    'key create acct_... laptop --member mem_...',
    'key create acct_... ci --team team_... --model claude-haiku-4-5 --expires-at 2027-01-01T00:00:00Z',
  ],
  'key list': ['key list acct_... --all'],
  'key show': ['key show acct_... key_...'],
  'key update': ['key update acct_... key_... --no-model --name desk'],
  'key rotate': ['key rotate acct_... key_... --grace-seconds 3600'],
  'key revoke': ['key revoke acct_... key_...'],
  'quota create': [
    'quota create acct_... --window month --limit-usd 50 --anchor-day 15',
    'quota create acct_... --team team_... --window day --limit-requests 1000 --mode soft',
    'quota create acct_... --key key_... --window total --limit-concurrency 3 --model opus',
  ],
  'quota list': ['quota list acct_...'],
  'quota show': ['quota show acct_... quota_...'],
  'quota update': ['quota update acct_... quota_... --limit-usd 80 --no-raises'],
  'quota raise': ['quota raise acct_... quota_... --limit-usd 200 --until 2027-01-01T00:00:00Z'],
  'quota delete': ['quota delete acct_... quota_...'],
  'token create': [
    'token create finance --role billing',
    'token create lead --role admin --account acct_... --team team_... --valid-days 30',
  ],
  'token list': ['token list --account acct_...'],
  'token show': ['token show token_...'],
  'token rotate': ['token rotate token_... --grace-seconds 3600'],
  'token revoke': ['token revoke token_...'],
  whoami: ['whoami'],
  export: ['export > org.yaml', 'export acct_... --ids > acme.yaml'],
  apply: [
    'apply -f org.yaml --dry-run',
    'apply -f org.yaml --prune --secrets-file new-keys.jsonl',
    'export | tollgate --admin-url http://127.0.0.1:9788 apply -f - --account Acme',
  ],
  usage: [
    'usage acct_... --group-by model,team',
    'usage acct_... --from 2026-11-01 --to 2026-12-01 --bucket month --csv',
  ],
  statement: ['statement acct_... 2026-11', 'statement acct_... 2026-11 --csv'],
  runway: ['runway acct_...'],
  calls: ['calls acct_... --team team_...'],
  health: ['health'],
  journal: ['journal acct_... --csv', 'journal acct_... --only absurd'],
  refund: [
    'refund acct_... --request req_... --note "cut off"',
    'refund acct_... --hold hold_... --amount-usd 0.25',
    'refund acct_... --request msgbatch_...',
  ],
  correct: ['correct acct_... --hold hold_... --charge-usd 0.12'],
  audit: ['audit --newest 20', 'audit --after 1200 --json'],
  reconcile: ['reconcile', 'reconcile acct_...'],
  restore: ['restore --from ./export --dry-run'],
  doctor: ['doctor', 'doctor --json'],
  'rate-card check': ['rate-card check', 'rate-card check new-card.json --overrides own.json'],
  'rate-card diff': ['rate-card diff old-card.json new-card.json'],
  'rate-card show': ['rate-card show claude-haiku-4-5 --at 2026-12-01'],
};

/** Puts the examples at the end of the help of each command. */
export function addExamples(program: Command): void {
  for (const { name, command } of listCommands(program)) {
    const examples = EXAMPLES[name];
    if (examples === undefined) continue;
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  tollgate ${line}`).join('\n')}`);
  }
}

/** Every command that does something, by its words. */
export function listCommands(program: Command, path = ''): { name: string; command: Command }[] {
  return program.commands.flatMap((command) => {
    const name = `${path}${command.name()}`;
    return command.commands.length > 0 ? listCommands(command, `${name} `) : [{ name, command }];
  });
}
