import { Document, isMap, isSeq, type Node, visit } from 'yaml';
import { type Kind, nameOf, type PresentAccount, type PresentRecord, type PresentSections, refersAs } from './kind.ts';
import { accountKind } from './kinds/account-kind.ts';
import { INSTALLATION_KINDS, SECTION_KINDS } from './kinds.ts';
import { FILE_VERSION } from './parse-organisation.ts';
import { isReference, isReferences, keyOf, type Reference, showValue, type Value } from './value.ts';

export interface WriteOptions {
  /** Gives every record its id; else those that nothing else tells apart. */
  ids: boolean;
  /** Names that several accounts of the store have. */
  isAmbiguous: (accountName: string) => boolean;
  /** What accounts may refer to; undefined: it is not to be seen. */
  installation: PresentSections | undefined;
  /** Whether the installation's own are written too. */
  isWhole: boolean;
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
    ...(options.isWhole ? composeSections(INSTALLATION_KINDS, options.installation ?? new Map(), options) : {}),
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
    ...composeRecord(account, hasId, (reference) => reference),
    ...composeSections(SECTION_KINDS, account.sections, options),
  };
}

/** Of those that are to be seen. */
function composeSections(kinds: readonly Kind[], sections: PresentSections, options: WriteOptions): object {
  const seen = kinds.filter(({ section }) => sections.has(section));
  return Object.fromEntries(seen.map((kind) => [kind.section, composeSection(kind, sections, options)]));
}

function composeSection(kind: Kind, sections: PresentSections, { ids, installation }: WriteOptions): unknown {
  // The channel that a setting makes is no record of the file.
  const live = listLive(sections, kind.section).filter((record) => !record.isBuiltIn || kind.name !== 'channel');
  const write = (reference: Reference): unknown => writeReference(reference, sections, installation);
  if (kind.isSingle === true) return live.map((record) => composeRecord(record, false, write))[0];
  const [identity] = kind.identities;
  const alike = Map.groupBy(live, ({ values }) => identity?.(values));
  const needsId = (record: PresentRecord): boolean => (alike.get(identity?.(record.values))?.length ?? 0) > 1;
  return live
    .toSorted((one, other) => compareTexts(orderOf(one), orderOf(other)))
    .map((record) => composeRecord(record, ids || needsId(record), write));
}

function listLive(sections: PresentSections, section: string): PresentRecord[] {
  return (sections.get(section) ?? []).filter(({ end }) => end === undefined);
}

function composeRecord(
  { kind, id, values }: PresentRecord,
  hasId: boolean,
  write: (reference: Reference) => unknown,
): object {
  const fields = kind.fields.flatMap(({ name, isTerse, default: usual }): [string, unknown][] => {
    const value = values[name] ?? null;
    if (value === null || (isTerse === true && keyOf(value) === keyOf(usual))) return [];
    const channel = kind.owner === 'installation' ? 'installation' : 'channel';
    if (isReferences(value)) return [[name, value.map((one) => callAfterKind(one, channel, write))]];
    return [[name, isReference(value) ? callAfterKind(value, name, write) : value]];
  });
  return { ...(hasId ? { id } : {}), ...Object.fromEntries(fields) };
}

/** A scope says of which kind it is, as does a channel of another owner; other references are called after it. */
function callAfterKind(reference: Reference, usual: string, write: (reference: Reference) => unknown): unknown {
  const written = write(reference);
  const isById = typeof written === 'object' && written !== null && 'id' in written;
  if (reference.refer === usual || (reference.refer === 'installation' && isById)) return written;
  return { [reference.refer]: written };
}

/** By its name where that is one record's alone. */
function writeReference(
  { refer, id, name }: Reference,
  sections: PresentSections,
  installation: PresentSections | undefined,
): unknown {
  const isOuter = refer === 'installation';
  const kind = (isOuter ? INSTALLATION_KINDS : SECTION_KINDS).find((one) => refersAs(one) === refer);
  if (kind === undefined || name === undefined) return { id };
  const owner = isOuter ? (installation ?? new Map()) : sections;
  const called = listLive(owner, kind.section).filter(({ values }) => nameOf(kind, values) === name);
  const [found] = called;
  if (found === undefined || called.length > 1) return { id };
  return kind.writeName === undefined ? name : kind.writeName(found.values);
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
  const isPlain = (item: unknown): boolean => (!isMap(item) && !isSeq(item)) || isShortReference(item);
  visit(document.contents as Node, {
    Seq(_key, node) {
      if (node.items.every(isPlain)) node.flow = true;
    },
    Pair(_key, { key, value }) {
      const isReferring = ['scope', 'quota'].includes(`${key}`) || isShortReference(value);
      if (isMap(value) && isReferring) value.flow = true;
    },
  });
}

function isShortReference(value: unknown): boolean {
  return isMap(value) && value.items.length === 1 && (value.has('id') || value.has('installation'));
}
