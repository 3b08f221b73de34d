import type { MessagesRequest, RequestTool } from './call-request.ts';
import type { ModelCard } from './rate-card.ts';

/** Passes of one request within the API's server-tool loop, after which it answers `pause_turn`. */
export const SERVER_LOOP_PASSES = 10;

/**
 * What the API may add beside the tool prompt: role markers, the wording of structured output and of thinking. The
 * JSON around each message, at least 28 bytes, is counted as tokens too and covers its markers.
 */
const SYSTEM_ADDED_TOKENS = 512;

/**
 * Tokens that a client tool's definition costs although its body is short. Source: the API's pages on each tool.
 * Memory has no published figure and is given the text editor's, whose commands it shares.
 */
const CLIENT_TOOL_TOKENS: readonly [prefix: string, tokens: number][] = [
  ['bash_', 325],
  ['text_editor_', 700],
  ['memory_', 700],
  ['computer_', 4_500],
  ['browser_', 6_600],
];

/** Whether the API itself runs this tool and then samples again, with the result in the prompt. */
export function isServerTool(tool: RequestTool): boolean {
  return !CLIENT_TOOL_TOKENS.some(([prefix]) => tool.type.startsWith(prefix));
}

/** Whether one request may be sampled more than once. */
export function mayLoop(request: MessagesRequest): boolean {
  const { mcpServers, container, tools } = request;
  return mcpServers > 0 || container || (tools.length > 0 && tools.some(isServerTool));
}

/**
 * The most prompt tokens that the first pass can have. A token stands for at least one byte of text, so the bytes of
 * the body bound its text; images have a cap of their own; a prompt never exceeds the context window.
 *
 * A PDF counts as a whole window: its pages are compressed, so its bytes bound nothing, and 100 pages (the cap of
 * 200k models) at 3,000 text tokens and an image each exceed the window already. So does a thread, whose earlier
 * messages are not in the body.
 */
export function boundPromptTokens(request: MessagesRequest, model: ModelCard): number {
  const { images, documents } = request;
  if (request.thread === 'continue' || documents.base64 + documents.remote > 0) return model.contextWindowTokens;
  const imageTokens = (images.base64 + images.remote) * model.imageTokens;
  const bound = request.textBytes + imageTokens + toolTokens(request, model) + SYSTEM_ADDED_TOKENS;
  return Math.min(bound, model.contextWindowTokens);
}

function toolTokens(request: MessagesRequest, model: ModelCard): number {
  if (request.tools.length + request.customTools + request.mcpServers === 0) return 0;
  return request.tools.reduce((sum, tool) => sum + clientToolTokens(tool), model.toolPromptTokens);
}

function clientToolTokens(tool: RequestTool): number {
  return CLIENT_TOOL_TOKENS.find(([prefix]) => tool.type.startsWith(prefix))?.[1] ?? 0;
}
