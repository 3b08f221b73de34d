import type { RequestName } from './request-names.ts';
import type { Role } from './request-roles.ts';

export type FieldValue = string | number | boolean;

/** One open object or array of a request. Kept per depth and used again: a body may open a million. */
export interface RequestFrame {
  role: Role;
  /** Bit i: name i has been seen in this object. */
  seen: number;
  /** The member whose value comes next. */
  name: RequestName | undefined;
  /** The scalars of this object that matter; `null` is not kept. Undefined: it never had any. */
  values: Map<RequestName, FieldValue> | undefined;
  /** Length of `data`. */
  dataBytes: number;
  /** Of a block: what its source is, and how long. */
  sourceType: string | undefined;
  sourceBytes: number;
}

/** The frame of a depth, made new or emptied. */
export function enterFrame(frames: RequestFrame[], depth: number, role: Role): void {
  const frame = frames[depth];
  if (frame === undefined) {
    frames[depth] = {
      role,
      seen: 0,
      name: undefined,
      values: undefined,
      dataBytes: 0,
      sourceType: undefined,
      sourceBytes: 0,
    };
    return;
  }
  frame.role = role;
  frame.seen = 0;
  frame.name = undefined;
  if (frame.values !== undefined && frame.values.size > 0) frame.values.clear();
  frame.dataBytes = 0;
  frame.sourceType = undefined;
  frame.sourceBytes = 0;
}

type Values = ReadonlyMap<RequestName, FieldValue> | undefined;

/** A source whose type is missing is taken for one that is not in the body. */
export function closeSource(source: RequestFrame, block: RequestFrame): void {
  block.sourceType = textOf(source.values, 'type') ?? 'unknown';
  block.sourceBytes = source.dataBytes;
}

/** A member that is a string; undefined where it is absent, null or of another kind. */
export function textOf(values: Values, name: RequestName): string | undefined {
  const value = values?.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** A member that is a number; undefined where it is absent, null or of another kind. */
export function numberOf(values: Values, name: RequestName): number | undefined {
  const value = values?.get(name);
  return typeof value === 'number' ? value : undefined;
}
