import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { System } from 'typebox/system';
import { findFieldErrors } from './find-field-errors.ts';
import { RequestInvalid } from './request-invalid.ts';

const INTEGER_PATTERN = /^\d{1,15}$/;
/** TypeBox stops at 8 unless told: a caller shall learn of every mistake at once. */
const MAX_ERRORS = 100;

/**
 * Compiles a route's schema into a check that reports every problem at once. Nothing in a body is converted, removed
 * or filled in; of a query, whole numbers are read as such.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  System.Settings.Set({ maxErrors: MAX_ERRORS });
  const check = Compile(schema);
  return (input: unknown) => {
    const value = httpPart === 'querystring' ? readIntegers(schema, input) : input;
    if (check.Check(value)) return { value };
    return { error: new RequestInvalid(findFieldErrors(check.Errors(value), schema)) };
  };
};

function readIntegers(schema: TSchema, input: unknown): unknown {
  const properties = (schema as { properties?: { [name: string]: { type?: unknown } } }).properties ?? {};
  return Object.fromEntries(
    Object.entries(input as { [name: string]: unknown }).map(([name, value]) => {
      const isInteger = Object.hasOwn(properties, name) && properties[name]?.type === 'integer';
      return [name, isInteger && typeof value === 'string' && INTEGER_PATTERN.test(value) ? Number(value) : value];
    }),
  );
}
