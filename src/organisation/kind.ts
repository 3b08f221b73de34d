import type { Place } from './cursor.ts';
import type { ReadField } from './read-fields.ts';
import type { Referable, Value, Values } from './value.ts';

export type KindName = 'account' | Referable | 'alert' | 'auto-reload';

/** A record as the admin API shows it, or as it takes it. */
export type ApiRecord = { readonly [field: string]: unknown };

/** Answers the id of a referred record; by then it is there. */
export type IdOf = (value: Value) => string;

/** The permissions of the admin API that these kinds need. */
export type Permission =
  | 'usage.read'
  | 'money.read'
  | 'system.read'
  | 'people.write'
  | 'quotas.write'
  | 'account.write'
  | 'billing.write'
  | 'money.write';

/** The value of an environment variable; undefined where it is not set, or empty. */
export type Environment = (name: string) => string | undefined;

/** One field of a kind of record: how a file writes it and how the admin API does. */
export interface Field {
  readonly name: string;
  readonly read: ReadField<Value>;
  readonly fromApi: (record: ApiRecord) => Value;
  /** Name in the bodies of the admin API; as in the file unless given. */
  readonly apiName?: string;
  /** The value in a body; as it is unless given. */
  readonly toApi?: (value: Value, idOf: IdOf, environment: Environment) => unknown;
  readonly isRequired?: boolean;
  /** What a new record has that leaves the field out; none unless given. */
  readonly default?: Value;
  /** Left out of an export where it has its default. */
  readonly isTerse?: boolean;
  /** Said only when a record is made; the admin API does not show it. */
  readonly isWriteOnly?: boolean;
  /** What a change of it needs; that of its kind unless given. */
  readonly permission?: Permission;
  /** Belongs to what the record is, and cannot be changed afterwards. */
  readonly isFixed?: boolean;
}

/** Notes what is wrong with a field of a record. */
export type NoteField = (field: string, message: string) => void;

/** Who may see records of a kind and change them. */
export interface KindAccess {
  readonly read: Permission;
  readonly write: Permission;
  /** To make one; as to change one unless given. */
  readonly create?: Permission;
}

/** A kind of record that an organisation has. One more kind is one more of these in kinds.ts. */
export interface Kind {
  readonly name: KindName;
  /** Its section in the file, and its step in the paths of the admin API unless `step` is given. */
  readonly section: string;
  readonly step?: string;
  /** Whose they are: an account's, found below it in the paths, or named in a field; or the installation's. */
  readonly owner: 'account' | 'account_id' | 'installation';
  readonly access: KindAccess;
  /** There is always one of an account: the section is that one, and is not a list. */
  readonly isSingle?: boolean;
  /** What references call it; its name unless given. */
  readonly refersAs?: Referable;
  /** In the order of the file. */
  readonly fields: readonly Field[];
  /** A field that a file leaves out stays as it is; else it has its default. */
  readonly isPartial?: boolean;
  /**
   * By what a record of the file is told to be one of the store, from the narrowest on. By the first there may be one
   * of a name; by a wider one the last that is left of the file is the last that is left of the store.
   */
  readonly identities: readonly ((values: Values) => string)[];
  /** What a reference names it by; its field `name` unless given. */
  readonly nameOf?: (values: Values) => string;
  /** Such a reference as the file writes it; the name itself unless given. */
  readonly writeName?: (values: Values) => unknown;
  /** Fills in what is left out and depends on the rest. */
  readonly complete?: (values: Values) => Values;
  /** Whether a record of the admin API is one of the file's. */
  readonly isListed?: (record: ApiRecord) => boolean;
  /** Whether a new one has a secret that is shown once. */
  readonly isSecretMade?: (values: Values) => boolean;
  /** What it is called in front of people. */
  readonly describe: (values: Values) => string;
  /** Rules over several fields. */
  readonly check?: (values: Values, note: NoteField) => void;
  /** Rules over what is to be written of a record, which depend on the hour. */
  readonly checkWrite?: (values: Values, nowMs: number, note: NoteField) => void;
  /** Rules over a record that is to be made, and what it needs of the environment. */
  readonly checkNew?: (values: Values, environment: Environment, note: NoteField) => void;
  /** Rules over a record and its account's settings. */
  readonly checkWithin?: (values: Values, account: Values, note: NoteField) => void;
  /** Why a record of the store makes no difference any more; undefined: it does. */
  readonly findEnd?: (record: ApiRecord) => RecordEnd | undefined;
  /** The field by which it ends with what that names. */
  readonly endsWith?: string;
  /** How a record goes; an account never does so. */
  readonly removal?: 'delete' | 'revoke';
}

/** `gone`: what it is about is not there any more. */
export type RecordEnd = 'expired' | 'revoked' | 'closed' | 'gone';

/** A record that the file describes. */
export interface WantedRecord {
  readonly kind: Kind;
  readonly path: string;
  readonly place: Place;
  readonly id: string | undefined;
  readonly values: Values;
  /** Where each field stands that the file names. */
  readonly places: ReadonlyMap<string, Place>;
}

/** The sections that the file names, by their names. One that it does not name is nobody's business. */
export type WantedSections = ReadonlyMap<string, readonly WantedRecord[]>;

export interface WantedAccount extends WantedRecord {
  readonly sections: WantedSections;
}

export interface WantedOrganisation {
  readonly accounts: readonly WantedAccount[];
  /** The installation's own. */
  readonly sections: WantedSections;
}

/** A record that the store has. */
export interface PresentRecord {
  readonly kind: Kind;
  readonly id: string;
  readonly values: Values;
  readonly end: RecordEnd | undefined;
  /** There by itself: it is not deleted. */
  readonly isBuiltIn: boolean;
}

/** Every section that the token may see, by its name. */
export type PresentSections = ReadonlyMap<string, readonly PresentRecord[]>;

export interface PresentAccount extends PresentRecord {
  readonly sections: PresentSections;
}

export function nameOf({ nameOf: name }: Kind, values: Values): string {
  return name === undefined ? `${values.name}` : name(values);
}

export function refersAs({ refersAs: called, name }: Kind): string {
  return called ?? name;
}
