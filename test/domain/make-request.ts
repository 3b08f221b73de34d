import type { MessagesRequest, RequestTool } from '../../src/domain/call-request.ts';

/** A plain request to Opus 5, changed as told. */
export function makeRequest(changes: Partial<MessagesRequest> = {}): MessagesRequest {
  return {
    model: 'claude-opus-5',
    maxTokens: 128_000,
    stream: true,
    speed: undefined,
    inferenceGeo: undefined,
    serviceTier: undefined,
    cacheWrite: 'none',
    thread: undefined,
    fallbacks: [],
    tools: [],
    customTools: 0,
    mcpServers: 0,
    compaction: false,
    container: false,
    billsUserProfile: false,
    images: { base64: 0, base64Bytes: 0, remote: 0 },
    documents: { base64: 0, base64Bytes: 0, remote: 0 },
    bodyBytes: 49_000,
    textBytes: 49_000,
    ...changes,
  };
}

export function makeTool(type: string, changes: Partial<RequestTool> = {}): RequestTool {
  return { type, maxUses: undefined, model: undefined, maxTokens: undefined, ...changes };
}
