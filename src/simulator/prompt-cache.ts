import { createHash } from 'node:crypto';
import type { ListedModel } from './price-list.ts';
import { countPromptTokens, type PromptPart } from './prompt.ts';

/** Prompt tokens by what they cost. */
export interface PromptTokens {
  input: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

/** Remembers prefixes of prompts, for all callers of one simulator as for all callers of one workspace. */
export interface PromptCache {
  /** Counts a prompt against the cache and writes what its breakpoints ask for. */
  use(parts: readonly PromptPart[], model: ListedModel): PromptTokens;
}

interface CachedPrefix {
  expiresAt: number;
  lifeMs: number;
}
interface Position {
  hash: string;
  /** Tokens up to and with this part. */
  tokens: number;
  ttl: '5m' | '1h' | undefined;
}

const LIFE_MS = { '5m': 300_000, '1h': 3_600_000 } as const;
/** The API looks back this many blocks from a breakpoint. */
const LOOK_BACK = 20;
const MAXIMUM_PREFIXES = 10_000;

export function createPromptCache(clock: () => Date): PromptCache {
  const prefixes = new Map<string, CachedPrefix>();

  const findRead = (positions: readonly Position[], breakpoints: readonly number[], now: number): number => {
    for (const breakpoint of breakpoints.toReversed()) {
      for (let index = breakpoint; index >= Math.max(0, breakpoint - LOOK_BACK); index -= 1) {
        const prefix = prefixes.get(positions[index]?.hash ?? '');
        if (prefix === undefined || prefix.expiresAt <= now) continue;
        prefix.expiresAt = now + prefix.lifeMs;
        return index;
      }
    }
    return -1;
  };

  const write = (position: Position, now: number): void => {
    const lifeMs = LIFE_MS[position.ttl ?? '5m'];
    prefixes.delete(position.hash);
    prefixes.set(position.hash, { expiresAt: now + lifeMs, lifeMs });
    const [oldest] = prefixes.keys();
    if (prefixes.size > MAXIMUM_PREFIXES && oldest !== undefined) prefixes.delete(oldest);
  };

  return {
    use(parts, model) {
      const now = clock().getTime();
      const positions = hashPrefixes(parts, model.id);
      const breakpoints = positions.flatMap(({ ttl, tokens }, index) =>
        ttl !== undefined && tokens >= model.minCacheableTokens ? [index] : [],
      );
      const readIndex = findRead(positions, breakpoints, now);
      const result = { input: 0, cacheRead: positions[readIndex]?.tokens ?? 0, cacheWrite5m: 0, cacheWrite1h: 0 };
      let covered = result.cacheRead;
      for (const index of breakpoints) {
        const position = positions[index];
        if (position === undefined || index <= readIndex) continue;
        result[position.ttl === '1h' ? 'cacheWrite1h' : 'cacheWrite5m'] += position.tokens - covered;
        covered = position.tokens;
        write(position, now);
      }
      return { ...result, input: countPromptTokens(parts) - covered };
    },
  };
}

function hashPrefixes(parts: readonly PromptPart[], modelId: string): Position[] {
  if (!parts.some((part) => part.cacheTtl !== undefined)) return [];
  let tokens = 0;
  let hash = modelId;
  return parts.map((part) => {
    hash = createHash('sha256').update(hash).update(part.content).digest('base64');
    tokens += part.tokens;
    return { hash, tokens, ttl: part.cacheTtl };
  });
}
