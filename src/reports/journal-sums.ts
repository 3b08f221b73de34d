import type { WindowFinder } from '../domain/quota-window.ts';
import {
  CELLS_AT_MOST,
  findHourMs,
  type Place,
  placeKey,
  placeSession,
  placeStatement,
  placeUsage,
} from './cell-names.ts';
import { type CountedEntry, countEntry } from './count-entry.ts';
import type { Counts, CountsKind } from './counts.ts';
import { type StatementCounts, statementCounts, usageCounts } from './report-counts.ts';
import type { Cells, ReportPage, ReportStore } from './report-store.ts';
import type { ReportedEntry } from './reported-entry.ts';

/** What some entries add, by page and cell. */
export interface JournalSums {
  addEntry(entry: ReportedEntry): void;
  addStatement(atMs: number, counts: StatementCounts): void;
  /** What the cells become: what is there and what was added. */
  addTo(store: Pick<ReportStore, 'readCells'>, accountId: string): Promise<{ page: ReportPage; cells: Cells }[]>;
}

interface PageSums {
  page: ReportPage;
  kind: CountsKind<string>;
  added: Map<string, { counts: Counts<string>; overflow: string }>;
}

export function createJournalSums(findWindow: WindowFinder, timezone: string): JournalSums {
  const pages = new Map<string, PageSums>();
  const add = <Name extends string>(place: Place, kind: CountsKind<Name>, counts: Counts<Name>): void => {
    const id = 'day' in place.page ? `${place.page.kind} ${place.page.day}` : place.page.kind;
    const sums: PageSums = pages.get(id) ?? { page: place.page, kind, added: new Map() };
    pages.set(id, sums);
    addCounts(sums, place.name, place.overflow, counts);
  };
  const addAlike = ({ atMs, group, usage, statement }: Alike): void => {
    if (usage !== undefined) {
      add(placeUsage(findWindow, atMs, timezone, group), usageCounts, usage);
      add(placeSession(findWindow, atMs, timezone, group), usageCounts, usage);
    }
    if (statement !== undefined) {
      const model = usage === undefined ? null : group.model;
      add(placeStatement(findWindow, atMs, timezone, { model }), statementCounts, statement);
    }
    if (statement === undefined || usage === undefined || group.key === null) return;
    for (const window of ['day', 'month'] as const) {
      add(placeKey(findWindow, { atMs, timezone, key: group.key, window }), statementCounts, statement);
    }
  };
  // Calls come by the thousand for the same key and model: each is added up once, not once in every page.
  const alike = new Map<string, Alike>();
  return {
    addEntry(entry) {
      const counted = countEntry(entry);
      const atMs = findHourMs(findWindow, entry.atMs, timezone);
      const name = nameAlike(atMs, counted);
      const known = alike.get(name);
      if (known === undefined) alike.set(name, { atMs, ...counted });
      else addCounted(known, counted);
    },
    addStatement: (atMs, counts) =>
      add(placeStatement(findWindow, atMs, timezone, { model: null }), statementCounts, counts),
    addTo(store, accountId) {
      for (const entries of alike.values()) addAlike(entries);
      alike.clear();
      return Promise.all([...pages.values()].map((sums) => addPage(store, accountId, sums)));
    },
  };
}

/** Entries that are counted in the same cells of all pages: of one hour, for the same. */
interface Alike extends CountedEntry {
  atMs: number;
}

function nameAlike(hourMs: number, { group, usage, statement }: CountedEntry): string {
  const { model, team, member, key, session, traits } = group;
  return JSON.stringify([
    hourMs,
    usage !== undefined,
    statement !== undefined,
    model,
    team,
    member,
    key,
    session,
    ...traits,
  ]);
}

function addCounted(sum: Alike, { usage, statement }: CountedEntry): void {
  if (sum.usage !== undefined && usage !== undefined) usageCounts.add(sum.usage, usage);
  if (sum.statement !== undefined && statement !== undefined) statementCounts.add(sum.statement, statement);
}

function addCounts({ kind, added }: PageSums, name: string, overflow: string, counts: Counts<string>): void {
  const present = added.get(name);
  if (present === undefined) added.set(name, { counts: { ...counts }, overflow });
  else kind.add(present.counts, counts);
}

/** New cells beyond what the page takes are counted in the one that stands for the rest. */
async function addPage(store: Pick<ReportStore, 'readCells'>, accountId: string, sums: PageSums) {
  const { page, kind, added } = sums;
  const present = await store.readCells(accountId, page, [...added.keys()]);
  let room = CELLS_AT_MOST[page.kind] - present.count;
  const kept: PageSums = { ...sums, added: new Map() };
  for (const [name, { counts, overflow }] of added) {
    const isNew = !present.cells.has(name);
    if (isNew && name !== overflow) room -= 1;
    addCounts(kept, isNew && room < 0 ? overflow : name, overflow, counts);
  }
  const missing = [...kept.added.keys()].filter((name) => !added.has(name));
  const others = missing.length === 0 ? undefined : await store.readCells(accountId, page, missing);
  const cells: Cells = new Map();
  for (const [name, { counts }] of kept.added) {
    const text = present.cells.get(name) ?? others?.cells.get(name);
    if (text !== undefined) kind.add(counts, kind.read(text));
    cells.set(name, kind.write(counts));
  }
  return { page, cells };
}
