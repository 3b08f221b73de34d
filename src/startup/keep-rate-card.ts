import type { ParsedRateCard, RateCard } from '../domain/rate-card.ts';
import { readRateCard } from '../domain/read-rate-card.ts';
import type { Timers } from '../metering/timers.ts';
import { type RateCardSettings, readRateCardSources } from './read-rate-card-sources.ts';

/** Looks after the files of the rate card while the process runs. */
export interface RateCardKeeper {
  /** Reads the files now. What they hold is known from here on, and not told of again by {@link watch}. */
  load(): Promise<ParsedRateCard>;
  /** Looks at the files again and again. */
  watch(watching: RateCardWatching): RateCardWatch;
}

export interface RateCardWatching {
  timers: Pick<Timers, 'every'>;
  /** Time between two looks. */
  pollMs: number;
  /** The files are good, and other than before. */
  onCard(card: RateCard): void;
  /** The files are not good: told once for each content of theirs. */
  onProblems(problems: readonly string[]): void;
}

export interface RateCardWatch {
  /** Looks now, and tells of what it finds even where nothing has changed. Never rejects. */
  reload(): Promise<void>;
  /** Resolves when the looks begun so far are over. */
  settled(): Promise<void>;
  /** No look begins any more. Resolves when none is under way. */
  stop(): Promise<void>;
}

/**
 * Polls, and compares contents: a watch on a file loses sight of it when an editor or Kubernetes puts another in its
 * place, and a file's time of change may stay as it was.
 */
export function createRateCardKeeper(settings: RateCardSettings): RateCardKeeper {
  let seen: string | undefined;
  const read = async (): Promise<{ changed: boolean; parse(): ParsedRateCard }> => {
    const found = await readRateCardSources(settings);
    const content = JSON.stringify(found);
    const changed = content !== seen;
    seen = content;
    return { changed, parse: () => (found.ok ? readRateCard(found.sources) : found) };
  };
  return {
    load: async () => (await read()).parse(),
    watch({ timers, pollMs, onCard, onProblems }) {
      let looking: Promise<void> = Promise.resolve();
      const look = (always: boolean): Promise<void> => {
        // One after the other, so that an older content never comes in force after a newer one.
        looking = looking.then(async () => {
          const { changed, parse } = await read();
          if (!changed && !always) return;
          const parsed = parse();
          if (parsed.ok) onCard(parsed.card);
          else onProblems(parsed.problems);
        });
        return looking;
      };
      const stop = timers.every(pollMs, () => void look(false));
      return {
        reload: () => look(true),
        settled: () => looking,
        async stop() {
          stop();
          await looking;
        },
      };
    },
  };
}
