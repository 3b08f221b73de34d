import { readFileSync } from 'node:fs';

/** One recorded answer and what it must cost. */
export interface CorpusEntry {
  file: string;
  /** The model that answered. */
  model: string;
  streaming: boolean;
  body: Buffer;
  /** List price, exact, as a decimal string of dollars. */
  listCostUsd: string;
  finalUsage: Record<string, unknown>;
}

const FOLDER = new URL('../fixtures/corpus/', import.meta.url);

/** Loads every answer of the corpus, in the order of its list. */
export function loadCorpus(): CorpusEntry[] {
  const lines = readFileSync(new URL('expected.jsonl', FOLDER), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const entry = JSON.parse(line) as {
      file: string;
      model: string;
      list_cost_usd: string;
      final_usage: Record<string, unknown>;
    };
    return {
      file: entry.file,
      model: entry.model,
      streaming: entry.file.endsWith('.sse'),
      body: readFileSync(new URL(entry.file, FOLDER)),
      listCostUsd: entry.list_cost_usd,
      finalUsage: entry.final_usage,
    };
  });
}
