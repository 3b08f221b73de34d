import type { RequestName } from './request-names.ts';

/**
 * What an object or array of a Messages request is, by the path that leads to it. Only what lies on such a path is
 * read as itself: an image in a tool's input is text to the API, and is counted as text here.
 */
export type Role =
  | 'root'
  | 'messages'
  | 'message'
  | 'blocks'
  | 'block'
  | 'source'
  | 'tools'
  | 'tool'
  | 'fallbacks'
  | 'fallback'
  | 'mcp_servers'
  | 'context_management'
  | 'edits'
  | 'edit'
  | 'cache_control'
  | 'thread'
  | 'billing_policy'
  | 'other';

const ROOT_ARRAYS: { readonly [name in RequestName]?: Role } = {
  messages: 'messages',
  system: 'blocks',
  tools: 'tools',
  fallbacks: 'fallbacks',
  mcp_servers: 'mcp_servers',
};
const ROOT_OBJECTS: { readonly [name in RequestName]?: Role } = {
  thread: 'thread',
  context_management: 'context_management',
  billing_policy: 'billing_policy',
};
const ELEMENTS: { readonly [role in Role]?: Role } = {
  messages: 'message',
  blocks: 'block',
  tools: 'tool',
  fallbacks: 'fallback',
  edits: 'edit',
};

/**
 * The role of a container within another.
 * @param name of the member that holds it; undefined for an array's element and for names that do not matter.
 */
export function findRole(parent: Role, name: RequestName | undefined, isArray: boolean): Role {
  // Cache control is heeded wherever it stands: one too many only makes the ceiling higher.
  if (!isArray && (name === 'cache_control' || name === 'caching')) return 'cache_control';
  if (name === undefined) return (isArray ? undefined : ELEMENTS[parent]) ?? 'other';
  if (parent === 'root') return (isArray ? ROOT_ARRAYS[name] : ROOT_OBJECTS[name]) ?? 'other';
  if (name === 'edits') return parent === 'context_management' && isArray ? 'edits' : 'other';
  if (name === 'source') return parent === 'block' && !isArray ? 'source' : 'other';
  return name === 'content' ? findContentRole(parent, isArray) : 'other';
}

/** Blocks stand in messages, in tool results and in documents made of blocks; a fetched page is one block alone. */
function findContentRole(parent: Role, isArray: boolean): Role {
  if (parent === 'message' || parent === 'source') return isArray ? 'blocks' : 'other';
  if (parent === 'block') return isArray ? 'blocks' : 'block';
  return 'other';
}
