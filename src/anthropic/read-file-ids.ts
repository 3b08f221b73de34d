import { type JsonLimits, scanJson } from './json-scanner.ts';
import { RequestVisitor } from './request-visitor.ts';

/**
 * The stored files that a body in the form of a Messages request refers to, whatever else it lacks: `count_tokens`
 * asks for less.
 * @returns undefined where two parsers could read the body differently, or where it is no such body.
 */
export function readFileIds(body: Uint8Array, limits: JsonLimits): string[] | undefined {
  const visitor = new RequestVisitor(body);
  return scanJson(body, limits, visitor).ok ? [...visitor.fileIds] : undefined;
}
