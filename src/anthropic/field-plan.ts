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

/** A planned field with its path: member names joined by dots, `[]` for an element. */
export interface Field {
  path: string;
  capture: boolean;
  count: boolean;
  notify: boolean;
  members: ReadonlyMap<string, Field>;
}

/** Gives every field of a plan its path. */
export function buildField(plan: FieldPlan, path = ''): Field {
  const members = new Map<string, Field>();
  for (const [name, member] of Object.entries(plan.members ?? {})) {
    const separator = path === '' || name === '[]' ? '' : '.';
    members.set(name, buildField(member, `${path}${separator}${name}`));
  }
  return { path, capture: plan.capture === true, count: plan.count === true, notify: plan.notify === true, members };
}
