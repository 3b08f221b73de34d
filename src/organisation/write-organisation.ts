import { Document, isMap, isSeq, type Node, visit } from 'yaml';
import type { Kind, PresentAccount, PresentRecord } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { SECTION_KINDS } from './kinds.ts';
import { FILE_VERSION } from './parse-organisation.ts';
import { isReference, showValue, type Value } from './value.ts';

export interface WriteOptions {
  /** Gives every record its id; else those that nothing else tells apart. */
  ids: boolean;
  /** Names that several accounts of the store have. */
  isAmbiguous: (accountName: string) => boolean;
}

const HEAD = ' Read by: tollgate apply -f <this file>';

/**
 * The YAML of accounts: the same text for the same state, whatever the order in which it came to be. No secrets, no
 * credit, and nothing that has ended.
 */
export function writeOrganisation(accounts: readonly PresentAccount[], options: WriteOptions): string {
  const ordered = accounts.toSorted((one, other) => compareTexts(orderOf(one), orderOf(other)));
  const content = {
    version: FILE_VERSION,
    [accountKind.section]: ordered.map((account) => composeAccount(account, options)),
  };
  const document = new Document(content, { aliasDuplicateObjects: false });
  document.commentBefore = HEAD;
  putShortListsOnOneLine(document);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function composeAccount(account: PresentAccount, options: WriteOptions): object {
  const hasId = options.ids || options.isAmbiguous(`${account.values.name}`);
  return {
    ...composeRecord(account, hasId, () => false),
    ...Object.fromEntries(SECTION_KINDS.map((kind) => [kind.section, composeSection(kind, account, options)])),
  };
}

function composeSection(kind: Kind, account: PresentAccount, { ids }: WriteOptions): object[] {
  const live = listLive(account, kind.section);
  const [identity] = kind.identities;
  const alike = Map.groupBy(live, ({ values }) => identity?.(values));
  const needsId = (record: PresentRecord): boolean => (alike.get(identity?.(record.values))?.length ?? 0) > 1;
  const isAmbiguous = (value: Value): boolean => isReference(value) && countNamed(account, value) > 1;
  return live
    .toSorted((one, other) => compareTexts(orderOf(one), orderOf(other)))
    .map((record) => composeRecord(record, ids || needsId(record), isAmbiguous));
}

function listLive(account: PresentAccount, section: string): PresentRecord[] {
  return (account.sections.get(section) ?? []).filter(({ end }) => end === undefined);
}

function countNamed(account: PresentAccount, { refer, name }: { refer: string; name?: string | undefined }): number {
  const kind = SECTION_KINDS.find((one) => one.name === refer);
  return listLive(account, kind?.section ?? '').filter(({ values }) => values.name === name).length;
}

function composeRecord(
  { kind, id, values }: PresentRecord,
  hasId: boolean,
  isAmbiguous: (reference: Value) => boolean,
): object {
  const fields = kind.fields.flatMap(({ name }): [string, unknown][] => {
    const value = values[name] ?? null;
    if (value === null) return [];
    const written = isReference(value) ? writeReference(value, isAmbiguous(value)) : value;
    // A scope says of which kind it is; other references are called after it.
    return [[name, isReference(value) && name !== value.refer ? { [value.refer]: written } : written]];
  });
  return { ...(hasId ? { id } : {}), ...Object.fromEntries(fields) };
}

function writeReference({ id, name }: { id?: string | undefined; name?: string | undefined }, byId: boolean): unknown {
  return name === undefined || byId ? { id } : name;
}

/** By what people call them, then by what they are, then by id. */
function orderOf({ kind, id, values }: PresentRecord): string[] {
  const write = (value: Value = null): string => `${isReference(value) ? value.refer : ''} ${showValue(value)}`;
  return [...kind.fields.map(({ name }) => write(values[name])), id];
}

/** By code points, which no locale changes. */
function compareTexts(left: readonly string[], right: readonly string[]): number {
  const at = left.findIndex((text, index) => text !== right[index]);
  if (at < 0) return 0;
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

function putShortListsOnOneLine(document: Document): void {
  const isPlain = (item: unknown): boolean => !isMap(item) && !isSeq(item);
  visit(document.contents as Node, {
    Seq(_key, node) {
      if (node.items.every(isPlain)) node.flow = true;
    },
    Pair(_key, { key, value }) {
      const isScope = `${key}` === 'scope' || isReferenceById(value);
      if (isMap(value) && isScope) value.flow = true;
    },
  });
}

function isReferenceById(value: unknown): boolean {
  return isMap(value) && value.items.length === 1 && value.has('id');
}
