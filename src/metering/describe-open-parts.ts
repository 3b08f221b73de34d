import type { OpenPart } from '../domain/open-call.ts';

/** What a request would have to say for its cost to have a bound, field by field. */
const BOUNDS: { readonly [part in OpenPart]: string } = {
  web_search: 'tools: web_search has no max_uses',
  advisor: 'tools: advisor has no max_uses',
  thread: 'thread: the earlier messages are not in the request',
  mcp: 'mcp_servers: the results of the servers have no limit',
  code_execution: 'tools: code_execution runs for a time that is not reported',
  unknown_tool: 'tools: a server tool of a kind that is not known here',
  fallbacks: 'fallbacks: "default" names no models',
};

/** The reasons as the end of a sentence. */
export function describeOpenParts(parts: readonly OpenPart[]): string {
  return parts.map((part) => BOUNDS[part]).join('; ');
}
