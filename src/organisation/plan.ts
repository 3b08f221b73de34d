import type { FileProblem } from './cursor.ts';
import type { Environment, Kind, PresentRecord, WantedRecord } from './kind.ts';
import type { Value, Values } from './value.ts';

/** The account that a step is about. Its id is known once it is there. */
export interface StepAccount {
  name: string;
  id: string | undefined;
}

export interface FieldChange {
  field: string;
  /** Undefined: the record is not there yet. */
  before: Value | undefined;
  after: Value;
}

/** One write. */
export interface Step {
  action: 'create' | 'update' | 'delete' | 'revoke';
  kind: Kind;
  /** Undefined: it is the installation's. */
  account: StepAccount | undefined;
  /** Undefined: it is not there yet. */
  id: string | undefined;
  /** What the record is called, before the step. */
  label: string;
  /** Of `create` and `update`, in the order of the file. */
  changes: FieldChange[];
  /** The record as it will be; of a removal, as it was. */
  values: Values;
  /** Something to know about it; undefined: nothing. */
  note: string | undefined;
}

/** A record that the file does not have, and that stays all the same. */
export interface KeptRecord {
  kind: Kind;
  account: StepAccount | undefined;
  id: string;
  label: string;
  reason: string;
}

export interface Plan {
  /** In the order in which they have to be done. */
  steps: Step[];
  kept: KeptRecord[];
}

export interface PlanOptions {
  /** Deletes what a section of the file does not have. */
  prune: boolean;
  /** With `prune`: keys are revoked too. */
  revokes: boolean;
  nowMs: number;
  /** Holds the secrets of channels that are to be made. */
  environment: Environment;
}

/** A record of the file, references resolved, and the one of the store that it is; undefined: it is to be made. */
export interface Match {
  wanted: WantedRecord;
  values: Values;
  present: PresentRecord | undefined;
}

/** One section of an account. */
export interface MatchedSection {
  kind: Kind;
  /** Whether the file has the section at all. */
  isNamed: boolean;
  matches: readonly Match[];
  /** What the store has besides. */
  left: readonly PresentRecord[];
}

/** Notes what is wrong with a record of the file, at one of its fields where that stands in the file. */
export type NoteRecord = (record: WantedRecord, field: string | undefined, message: string) => void;

/** @param problems where the problems are put. */
export function createNoteRecord(problems: FileProblem[]): NoteRecord {
  return ({ path, place, places }, field, message) => {
    const at = field === undefined ? undefined : places.get(field);
    const { line, column } = at ?? place;
    const isAtField = at !== undefined;
    problems.push({
      ...{ line, column },
      path: isAtField ? `${path}.${field}` : path,
      message: isAtField || field === undefined ? message : `${field} ${message}`,
    });
  };
}
