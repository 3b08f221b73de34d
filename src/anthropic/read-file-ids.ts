import { type JsonLimits, scanJson } from './json-scanner.ts';
import { RequestVisitor } from './request-visitor.ts';
import type { Work } from './work.ts';

/**
 * The stored files that a body in the form of a Messages request refers to, whatever else it lacks: `count_tokens`
 * asks for less.
 * @returns undefined where two parsers could read the body differently, or where it is no such body.
 */
export function* readFileIds(body: Uint8Array, limits: JsonLimits): Work<string[] | undefined> {
  const visitor = new RequestVisitor(body);
  const scan = yield* scanJson(body, limits, visitor);
  return scan.ok ? [...visitor.fileIds] : undefined;
}
