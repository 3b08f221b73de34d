import type { IncomingHttpHeaders } from 'node:http';

/** The first value of a header; undefined where there is none. */
export function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}
