import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Json } from './admin-under-test.ts';

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

/** A place in a body: `['overrides', 0, 'model']`. */
export type Path = readonly (string | number)[];

/** As problems name it: `overrides[0].model`. */
export function writePath(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}

/** Every field of a schema, those of objects and of the first item of arrays included. */
export function findFields(schema: Json, path: Path = []): { path: Path; schema: Json; required: boolean }[] {
  const properties = Object.entries<Json>(schema.properties ?? {}).map(([name, each]) => ({
    ...{ path: [...path, name], schema: each, required: (schema.required ?? []).includes(name) },
  }));
  const items = schema.items === undefined ? [] : [{ path: [...path, 0], schema: schema.items, required: false }];
  return [...properties, ...items].flatMap((field) => [field, ...findFields(field.schema, field.path)]);
}

/** The objects of a schema, itself included: where a field that is not known can be put. */
export function findObjects(schema: Json): Path[] {
  const inner = findFields(schema).filter((field) => field.schema.properties !== undefined);
  return [[], ...inner.map(({ path }) => path)];
}

const DEEP = JSON.parse(`${'['.repeat(10)}${']'.repeat(10)}`) as Json;
const ANY_TYPE: Json[] = [null, true, false, 0, 12_345, '', 'x', [], {}, [null], { a: 1 }, DEEP];
const NUMBERS: Json[] = [-1, 0.5, 1e21, Number.MAX_SAFE_INTEGER, -Number.MAX_VALUE, '1'];
const TEXTS: Json[] = [
  ...['x'.repeat(100_000), ' ', ' x', 'x ', '-1', '1e9', '0x10', '１', 'nonsense', '../..', '%00', "' OR 1=1 --"],
  ...['__proto__', 'constructor', 'toString', 'null', 'NaN', 'Infinity', '99999999999999999999', '0.0000000001'],
];
/** Refused in every text there is: they break logs, headers and terminals. */
const UNSAFE_TEXTS: Json[] = ['a\u0000b', 'a\r\nx-injected: 1', '\u001b[2J', 'a\ud800b', 'a\u202eb'];

/** What a field of this schema must not take: by the document, and what no text may hold. */
export function findBadValues(schema: Json): Json[] {
  const isValid = ajv.compile(schema);
  const sized = [
    ...(schema.maxLength === undefined ? [] : ['x'.repeat(schema.maxLength + 1)]),
    ...(schema.minimum === undefined ? [] : [schema.minimum - 1]),
    ...(schema.maximum === undefined ? [] : [schema.maximum + 1]),
    ...(schema.maxItems === undefined ? [] : [Array.from({ length: schema.maxItems + 1 }, (_, index) => `m${index}`)]),
    ...(schema.uniqueItems === true ? [['claude-opus-5-5', 'claude-opus-5-5']] : []),
  ];
  const refused = [...ANY_TYPE, ...NUMBERS, ...TEXTS, ...sized].filter((value) => !isValid(value));
  const takesText = [schema.type].flat().includes('string');
  return [...refused, ...(takesText ? UNSAFE_TEXTS : [])];
}

/** What a parameter of a query must not be, where everything is text. */
export function findBadQueryValues(schema: Json): string[] {
  const isInteger = [schema.type].flat().includes('integer');
  const isValid = ajv.compile(schema);
  const values = [...TEXTS, '', `${(schema.maximum ?? 0) + 1}`, `${(schema.minimum ?? 0) - 1}`] as string[];
  const refused = values.filter((text) => !isValid(isInteger && /^\d{1,15}$/.test(text) ? Number(text) : text));
  // A header's or a URL's own layer has no half of a surrogate pair.
  return [...refused, ...(isInteger ? [] : (UNSAFE_TEXTS as string[]).filter((text) => text.isWellFormed()))];
}

/** A value that the schema takes, by its examples. */
export function sampleOf(schema: Json): Json {
  if (schema.examples?.length > 0) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries<Json>(schema.properties ?? {})
          .filter(([name]) => (schema.required ?? []).includes(name))
          .map(([name, each]) => [name, sampleOf(each)]),
      );
    case 'array':
      return [sampleOf(schema.items ?? {})];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'x'.repeat(schema.minLength ?? 1);
  }
}

/** A copy of the body with the value in that place; what leads there is made where it is missing. */
export function putValue(body: Json, schema: Json, path: Path, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const inner = typeof step === 'number' ? schema.items : schema.properties?.[step];
  const present = body?.[step] ?? (rest.length > 0 ? sampleOf(inner ?? {}) : undefined);
  const next = putValue(present, inner ?? {}, rest, value);
  if (typeof step === 'number') return [next, ...((body as Json[] | undefined) ?? []).slice(1)];
  return { ...body, [step]: next };
}
