import type { Place } from './cursor.ts';
import type { ReadField } from './read-fields.ts';
import type { Referable, Value, Values } from './value.ts';

export type KindName = 'account' | Referable | 'quota';

/** A record as the admin API shows it, or as it takes it. */
export type ApiRecord = { readonly [field: string]: unknown };

/** Answers the id of a referred record; by then it is there. */
export type IdOf = (value: Value) => string;

/** One field of a kind of record: how a file writes it and how the admin API does. */
export interface Field {
  readonly name: string;
  readonly read: ReadField<Value>;
  readonly fromApi: (record: ApiRecord) => Value;
  /** Name in the bodies of the admin API; as in the file unless given. */
  readonly apiName?: string;
  /** The value in a body; as it is unless given. */
  readonly toApi?: (value: Value, idOf: IdOf) => unknown;
  readonly isRequired?: boolean;
  /** What a new record has that leaves the field out; none unless given. */
  readonly default?: Value;
  /** Belongs to what the record is, and cannot be changed afterwards. */
  readonly isFixed?: boolean;
}

/** Notes what is wrong with a field of a record. */
export type NoteField = (field: string, message: string) => void;

/** A kind of record that an organisation has. One more kind is one more of these in kinds.ts. */
export interface Kind {
  readonly name: KindName;
  /** Its section in the file, and its step in the paths of the admin API. */
  readonly section: string;
  /** In the order of the file. */
  readonly fields: readonly Field[];
  /** A field that a file leaves out stays as it is; else it has its default. */
  readonly isPartial?: boolean;
  /**
   * By what a record of the file is told to be one of the store, from the narrowest on. By the first there may be one
   * of a name; by a wider one the last that is left of the file is the last that is left of the store.
   */
  readonly identities: readonly ((values: Values) => string)[];
  /** What it is called in front of people. */
  readonly describe: (values: Values) => string;
  /** Rules over several fields. */
  readonly check?: (values: Values, note: NoteField) => void;
  /** Rules over what is to be written of a record, which depend on the hour. */
  readonly checkWrite?: (values: Values, nowMs: number, note: NoteField) => void;
  /** Why a record of the store makes no difference any more; undefined: it does. */
  readonly findEnd?: (record: ApiRecord) => RecordEnd | undefined;
  /** The field by which it ends with what that names. */
  readonly endsWith?: string;
  /** How a record goes; an account never does so. */
  readonly removal?: 'delete' | 'revoke';
}

export type RecordEnd = 'expired' | 'revoked' | 'closed';

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

export interface WantedAccount extends WantedRecord {
  /** The sections that the file names, by their names. One that it does not name is nobody's business. */
  readonly sections: ReadonlyMap<string, readonly WantedRecord[]>;
}

/** A record that the store has. */
export interface PresentRecord {
  readonly kind: Kind;
  readonly id: string;
  readonly values: Values;
  readonly end: RecordEnd | undefined;
}

export interface PresentAccount extends PresentRecord {
  /** Every section. */
  readonly sections: ReadonlyMap<string, readonly PresentRecord[]>;
}
