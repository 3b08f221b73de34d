/** A number's part of a JSON schema. */
interface NumberSchema {
  type?: string | readonly string[];
  minimum?: number;
  maximum?: number;
}

/**
 * What a number must be, in words: "must be a whole number from 1 to 100". Undefined where no number is wanted.
 * @param pointer of the field's schema in `schema`: "#/properties/top".
 */
export function describeNumber(schema: object, pointer: string): string | undefined {
  const { type = [], minimum, maximum }: NumberSchema = findSchema(schema, pointer);
  const types = [type].flat();
  const isWhole = types.includes('integer');
  if (!isWhole && !types.includes('number')) return undefined;
  const kind = `must be a ${isWhole ? 'whole number' : 'number'}`;
  return `${kind}${describeRange(minimum, maximum)}${types.includes('null') ? ', or null' : ''}`;
}

function describeRange(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? '' : ` of at most ${maximum}`;
}

function findSchema(schema: object, pointer: string): NumberSchema {
  const steps = pointer.split('/').slice(1);
  const names = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<object>((found, name) => (found as { [name: string]: object })[name] ?? {}, schema);
}
