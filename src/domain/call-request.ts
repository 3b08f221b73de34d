/**
 * What a Messages request says about its price, read from its bytes by `anthropic/messages-request.ts`.
 * Fields that are absent or null in the body are `undefined`, empty or false here.
 */
export interface MessagesRequest {
  /** As written: an id or an alias. */
  model: string;
  /** Tokens. Zero warms the prompt cache and generates nothing. */
  maxTokens: number;
  stream: boolean;
  /** `standard` or `fast`. */
  speed: string | undefined;
  /** `global` or `us`; undefined: the workspace's default, which may be `us`. */
  inferenceGeo: string | undefined;
  serviceTier: string | undefined;
  /** The dearest cache write that any `cache_control` of the body asks for. */
  cacheWrite: 'none' | '5m' | '1h';
  /** `continue`: most of the prompt lies with the API and is not in the body. */
  thread: 'create' | 'continue' | undefined;
  /** Models tried after a refusal; `default` leaves the choice to the API. */
  fallbacks: readonly FallbackModel[] | 'default';
  /** Tools whose `type` is not `custom`: those the API defines, client-side and server-side. */
  tools: readonly RequestTool[];
  customTools: number;
  mcpServers: number;
  /** A summarising pass of its own may run, unbounded by `max_tokens`. */
  compaction: boolean;
  /** A `container` is named: code may run in it. */
  container: boolean;
  /** `billing_policy.bill_to` is `user_profile`: another organisation would be billed. */
  billsUserProfile: boolean;
  /** Stored files that the body refers to, each once. Absent: none. */
  fileIds?: readonly string[];
  images: SourceCount;
  /** PDFs and other documents that are not given as text. */
  documents: SourceCount;
  /** Length of the whole body (after inflating). */
  bodyBytes: number;
  /** `bodyBytes` less the base64 of images and documents: each of these bytes may be a prompt token. */
  textBytes: number;
}

/** Sources the API turns into tokens by rules of their own. */
export interface SourceCount {
  /** Given in the body. */
  base64: number;
  base64Bytes: number;
  /** By URL, file id or any other form that is not in the body. */
  remote: number;
}

export interface FallbackModel {
  model: string;
  /** Undefined: the request's. */
  maxTokens: number | undefined;
  speed: string | undefined;
}

export interface RequestTool {
  /** For example `web_search_20260318`. */
  type: string;
  maxUses: number | undefined;
  /** The advisor's model. */
  model: string | undefined;
  /** Output bound of one advisor call. */
  maxTokens: number | undefined;
}
