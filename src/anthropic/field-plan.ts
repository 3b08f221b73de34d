/** What is wanted of a JSON document: a tree of member names, `[]` for the elements of an array. */
export interface FieldPlan {
  /** Keep the value, parsed. */
  capture?: boolean;
  /** Count the characters of the value. */
  count?: boolean;
  /** Say when the value, an object or array, has ended. */
  notify?: boolean;
  members?: { readonly [name: string]: FieldPlan };
}

/** Hears of the planned fields, by their path: member names joined by dots, `[]` for an element. */
export interface FieldListener {
  captured(path: string, value: unknown): void;
  counted(path: string, characters: number): void;
  ended(path: string): void;
  /** A field could not be kept: `oversized_field`, or `malformed_json`. */
  odd(anomaly: string): void;
}

/** A planned field with its path: member names joined by dots, `[]` for an element. */
export interface Field {
  path: string;
  capture: boolean;
  count: boolean;
  notify: boolean;
  /** The field of any element, where the value is an array. */
  element: Field | undefined;
  members: readonly { name: string; nameBytes: Uint8Array; field: Field }[];
}

/** Gives every field of a plan its path. */
function buildField(plan: FieldPlan, path = ''): Field {
  const parts = Object.entries(plan.members ?? {}).map(([name, member]) => {
    const separator = path === '' || name === '[]' ? '' : '.';
    const field = buildField(member, `${path}${separator}${name}`);
    return { name, nameBytes: new TextEncoder().encode(name), field };
  });
  return {
    path,
    capture: plan.capture === true,
    count: plan.count === true,
    notify: plan.notify === true,
    element: parts.find((part) => part.name === '[]')?.field,
    members: parts.filter((part) => part.name !== '[]'),
  };
}

/** Plans are constants, and every answer has a reader of its own. */
const fields = new WeakMap<FieldPlan, Field>();

/** The root field of a plan, built once. */
export function findField(plan: FieldPlan): Field {
  const known = fields.get(plan);
  if (known !== undefined) return known;
  const field = buildField(plan, '');
  fields.set(plan, field);
  return field;
}

/** The field of a member whose name, without escapes, is at a range of bytes. */
export function findMember({ members }: Field, bytes: Uint8Array, start: number, end: number): Field | undefined {
  for (const { nameBytes, field } of members) if (isAt(bytes, start, end, nameBytes)) return field;
  return undefined;
}

function isAt(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  return true;
}
