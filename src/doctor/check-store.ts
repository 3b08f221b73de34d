import { createFinder, type Finding } from './finding.ts';

/** What was seen of the store; nothing is changed by looking. */
export type StoreLook =
  | {
      kind: 'embedded';
      path: string;
      /** `in_use`: another process has it open. */
      state: 'absent' | 'in_use' | 'sound' | 'damaged' | 'too_new';
      detail?: string | undefined;
    }
  | {
      kind: 'redis';
      /** Without a password. */
      address: string;
      state: 'unreachable' | 'reached';
      detail?: string | undefined;
      /** Versions of the primaries. */
      versions: readonly string[];
      problems: readonly string[];
      warnings: readonly string[];
      /** Time there minus time here, in milliseconds, where it is largest. */
      skewMs?: number | undefined;
    };

export function checkStore(look: StoreLook): Finding[] {
  return look.kind === 'embedded' ? checkEmbedded(look) : checkRedis(look);
}

function checkEmbedded({ path, state, detail }: Extract<StoreLook, { kind: 'embedded' }>): Finding[] {
  const { ok, fail } = createFinder('store');
  switch (state) {
    case 'absent':
      return [ok(`embedded (SQLite); ${path} is not there yet, the first start makes it`)];
    case 'in_use':
      return [ok(`embedded (SQLite) in ${path}, open in a Tollgate that runs`)];
    case 'sound':
      return [ok(`embedded (SQLite) in ${path}, sound`)];
    case 'damaged':
      return [
        fail(
          `${path} cannot be trusted: ${detail}`,
          'keep the file as it is, put a backup in its place: docs/restore.md',
        ),
      ];
    case 'too_new':
      return [
        fail(`${path} was written by a later version: ${detail}`, 'run that version, or put back a backup of before'),
      ];
  }
}

function checkRedis(look: Extract<StoreLook, { kind: 'redis' }>): Finding[] {
  const { ok, warn, fail } = createFinder('store');
  const { address, state, detail, versions, problems, warnings } = look;
  if (state === 'unreachable') {
    return [fail(`${detail}`, 'see that Redis runs, and REDIS_URL with its password and TLS: docs/redis.md')];
  }
  const remedy = 'set Redis up as docs/redis.md says';
  const findings = [
    ...problems.map((problem) => fail(problem, remedy)),
    ...warnings.map((warning) => warn(warning, remedy)),
  ];
  const isSound = problems.length === 0;
  return [
    ...(isSound ? [ok(`Redis ${[...new Set(versions)].join(', ')} at ${address}, takes writes`)] : []),
    ...findings,
  ];
}
