import { type JsonObject, objectOf, objectsOf, textOf } from './json-value.ts';

/** Deeper schemas, recursive ones among them, end in null. */
const MAXIMUM_DEPTH = 12;

/** A small value that fits a JSON schema as tools and structured outputs use them. */
export function sampleSchemaValue(schema: unknown): unknown {
  return sample(objectOf(schema), objectOf(schema), 0);
}

function sample(schema: JsonObject, root: JsonObject, depth: number): unknown {
  if (depth > MAXIMUM_DEPTH) return null;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const variant = objectsOf(schema.anyOf)[0] ?? objectsOf(schema.oneOf)[0] ?? findReference(schema, root);
  if (variant !== undefined) return sample(variant, root, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' || schema.properties !== undefined) return sampleObject(schema, root, depth);
  if (type === 'array') return sampleArray(schema, root, depth);
  if (type === 'number' || type === 'integer') return typeof schema.minimum === 'number' ? schema.minimum : 1;
  if (type === 'boolean') return true;
  return type === 'null' ? null : 'sample';
}

function sampleObject(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  const properties = objectOf(schema.properties);
  const required = Array.isArray(schema.required) ? schema.required.map(String) : Object.keys(properties);
  return Object.fromEntries(required.map((name) => [name, sample(objectOf(properties[name]), root, depth + 1)]));
}

function sampleArray(schema: JsonObject, root: JsonObject, depth: number): unknown[] {
  const length = Math.min(16, typeof schema.minItems === 'number' ? schema.minItems : 1);
  return Array.from({ length }, () => sample(objectOf(schema.items), root, depth + 1));
}

function findReference(schema: JsonObject, root: JsonObject): JsonObject | undefined {
  const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(textOf(schema.$ref) ?? '')?.[1];
  if (name === undefined) return undefined;
  return objectOf(objectOf(root.$defs ?? root.definitions)[name]);
}
