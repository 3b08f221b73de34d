import type { FallbackModel, MessagesRequest, RequestTool, SourceCount } from '../domain/call-request.ts';
import type { JsonScalar, JsonVisitor } from './json-scanner.ts';
import { checkField, checkRequired, READ_NAMES } from './request-fields.ts';
import { closeSource, enterFrame, type FieldValue, numberOf, type RequestFrame, textOf } from './request-frame.ts';
import { findRequestName, REQUEST_NAMES, type RequestName, readJsonString } from './request-names.ts';
import { findRole } from './request-roles.ts';

/** Longest text read for its value: a model id, a tool's type. Longer ones are cut, which makes them unknown. */
const LONGEST_VALUE_BYTES = 1_024;

/** The API knows some forty. */
const ROOT_NAMES_AT_MOST = 1_000;
const LONGEST_ROOT_NAME_BYTES = 1_024;
/** Server tools, fallbacks and stored files of one request: each is looked at again, for its price or its owner. */
const LISTED_AT_MOST = 10_000;

const NOT_AN_OBJECT = 'Input should be a valid dictionary or object to extract fields from';

/** Builds a {@link MessagesRequest} from the parts of a JSON text. */
export class RequestVisitor implements JsonVisitor {
  readonly #bytes: Uint8Array;
  readonly #frames: RequestFrame[] = [];
  #rootNameCount = 0;
  readonly #unknownRootNames = new Set<string>();
  #depth = -1;
  #root: RequestFrame['values'];
  readonly #fallbacks: FallbackModel[] = [];
  readonly #tools: RequestTool[] = [];
  readonly #images: SourceCount = { base64: 0, base64Bytes: 0, remote: 0 };
  readonly #documents: SourceCount = { base64: 0, base64Bytes: 0, remote: 0 };
  #fileIds: Set<string> | undefined;
  #customTools = 0;
  #mcpServers = 0;
  #cacheWrite: MessagesRequest['cacheWrite'] = 'none';
  #thread: MessagesRequest['thread'];
  #compaction = false;
  #container = false;
  #billsUserProfile = false;

  /** Each once. */
  get fileIds(): Iterable<string> {
    return this.#fileIds ?? [];
  }

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  open(isArray: boolean): string | undefined {
    const parent = this.#frames[this.#depth];
    const name = parent?.name;
    const role = parent === undefined ? 'root' : findRole(parent.role, name, isArray);
    this.#depth += 1;
    enterFrame(this.#frames, this.#depth, role);
    if (parent === undefined) return isArray ? NOT_AN_OBJECT : undefined;
    parent.name = undefined;
    if (parent.role === 'mcp_servers') this.#mcpServers += 1;
    if (name === undefined) return undefined;
    if (parent.role === 'root' && name === 'compaction') this.#compaction = true;
    if (parent.role === 'root' && name === 'container') this.#container = true;
    return checkField(parent.role, name, isArray ? 'array' : 'object', null);
  }

  close(): string | undefined {
    const frame = this.#frames[this.#depth] as RequestFrame;
    const parent = this.#frames[this.#depth - 1];
    this.#depth -= 1;
    switch (frame.role) {
      case 'root':
        this.#root = frame.values;
        break;
      case 'source':
        if (parent !== undefined) closeSource(frame, parent);
        break;
      case 'block':
        this.#closeBlock(frame);
        break;
      case 'tool':
        return this.#closeTool(frame);
      case 'fallback':
        return this.#closeFallback(frame);
      case 'cache_control':
        this.#closeCacheControl(frame);
        break;
      case 'edit':
        // Edits that clear cost nothing; any other kind may summarise.
        if (!textOf(frame.values, 'type')?.startsWith('clear_')) this.#compaction = true;
        break;
      case 'thread':
        this.#thread = textOf(frame.values, 'type') === 'create' ? 'create' : 'continue';
        break;
      case 'billing_policy':
        if (textOf(frame.values, 'bill_to') === 'user_profile') this.#billsUserProfile = true;
        break;
    }
    return undefined;
  }

  name(start: number, end: number, escaped: boolean): string | undefined {
    const frame = this.#frames[this.#depth] as RequestFrame;
    const index = findRequestName(this.#bytes, start, end, escaped);
    if (index === -2) return 'The request body is not valid JSON: invalid character in a name';
    if (frame.role === 'root') {
      if (end - start > LONGEST_ROOT_NAME_BYTES) return 'The request body is not valid JSON: name too long';
      // One of ours is known by its bit.
      if (index < 0 && this.#isRepeated(start, end, escaped)) return this.#duplicate(start, end, escaped);
      this.#rootNameCount += 1;
      if (this.#rootNameCount > ROOT_NAMES_AT_MOST) return 'The request body is not valid JSON: too many names';
    }
    frame.name = REQUEST_NAMES[index];
    if (index < 0) return undefined;
    const bit = 1 << index;
    if ((frame.seen & bit) !== 0) return this.#duplicate(start, end, escaped);
    frame.seen |= bit;
    return undefined;
  }

  scalar(kind: JsonScalar, start: number, end: number, escaped: boolean): string | undefined {
    const frame = this.#frames[this.#depth];
    if (frame === undefined) return NOT_AN_OBJECT;
    const name = frame.name;
    frame.name = undefined;
    if (name === undefined) return this.#element(frame, kind, start, end, escaped);
    if (name === 'data') {
      frame.dataBytes = end - start;
      return undefined;
    }
    if (frame.role === 'other') return undefined;
    const value = READ_NAMES.has(name) ? this.#readValue(kind, start, end, escaped) : null;
    if (value !== null) {
      frame.values ??= new Map();
      frame.values.set(name, value);
    }
    if (name === 'file_id' && typeof value === 'string') {
      this.#fileIds ??= new Set();
      this.#fileIds.add(value);
      if (this.#fileIds.size > LISTED_AT_MOST) return `more than ${LISTED_AT_MOST} files`;
    }
    return checkField(frame.role, name, kind, value);
  }

  /** After the last byte: the request, or what the API would miss in it. */
  finish(): { ok: true; request: MessagesRequest } | { ok: false; message: string } {
    const missing = checkRequired(this.#frames[0]?.seen ?? 0);
    if (missing !== undefined) return { ok: false, message: missing };
    const [images, documents] = [this.#images, this.#documents];
    const text = (name: RequestName) => textOf(this.#root, name);
    const request: MessagesRequest = {
      model: text('model') ?? '',
      maxTokens: numberOf(this.#root, 'max_tokens') ?? 0,
      stream: this.#root?.get('stream') === true,
      speed: text('speed'),
      inferenceGeo: text('inference_geo'),
      serviceTier: text('service_tier'),
      cacheWrite: this.#cacheWrite,
      thread: this.#thread,
      fallbacks: this.#root?.has('fallbacks') ? 'default' : this.#fallbacks,
      tools: this.#tools,
      customTools: this.#customTools,
      mcpServers: this.#mcpServers,
      compaction: this.#compaction,
      container: this.#container || this.#root?.has('container') === true,
      billsUserProfile: this.#billsUserProfile,
      images,
      documents,
      bodyBytes: this.#bytes.length,
      textBytes: this.#bytes.length - images.base64Bytes - documents.base64Bytes,
    };
    if (this.#fileIds !== undefined) request.fileIds = [...this.#fileIds];
    return { ok: true, request };
  }

  #isRepeated(start: number, end: number, escaped: boolean): boolean {
    const before = this.#unknownRootNames.size;
    return this.#unknownRootNames.add(readJsonString(this.#bytes, start, end, escaped)).size === before;
  }

  #duplicate(start: number, end: number, escaped: boolean): string {
    const name = readJsonString(this.#bytes, start, end, escaped).slice(0, 100);
    return `The request body is not valid JSON: duplicate name ${JSON.stringify(name)}`;
  }

  #element(frame: RequestFrame, kind: JsonScalar, start: number, end: number, escaped: boolean): string | undefined {
    if (frame.role !== 'fallbacks' || kind !== 'string') return undefined;
    const model = readJsonString(
      this.#bytes,
      start,
      Math.min(end, start + LONGEST_VALUE_BYTES),
      escaped && end - start <= LONGEST_VALUE_BYTES,
    );
    return this.#addFallback({ model, maxTokens: undefined, speed: undefined });
  }

  #readValue(kind: JsonScalar, start: number, end: number, escaped: boolean): FieldValue | null {
    if (kind === 'null') return null;
    if (kind === 'true' || kind === 'false') return kind === 'true';
    const text = this.#readText(start, end, escaped);
    return kind === 'number' ? Number(text) : text;
  }

  #readText(start: number, end: number, escaped: boolean): string {
    const isLong = end - start > LONGEST_VALUE_BYTES;
    return readJsonString(this.#bytes, start, isLong ? start + LONGEST_VALUE_BYTES : end, escaped && !isLong);
  }

  #closeBlock(frame: RequestFrame): void {
    const { sourceType } = frame;
    if (sourceType === undefined || sourceType === 'text' || sourceType === 'content') return;
    const type = textOf(frame.values, 'type');
    const count = type === 'image' ? this.#images : this.#documents;
    if (sourceType !== 'base64') count.remote += 1;
    else {
      count.base64 += 1;
      count.base64Bytes += frame.sourceBytes;
    }
  }

  #closeTool({ values }: RequestFrame): string | undefined {
    const type = textOf(values, 'type');
    if (type === undefined || type === 'custom') {
      this.#customTools += 1;
      return undefined;
    }
    const [maxUses, maxTokens] = [numberOf(values, 'max_uses'), numberOf(values, 'max_tokens')];
    this.#tools.push({ type, maxUses, model: textOf(values, 'model'), maxTokens });
    return this.#tools.length > LISTED_AT_MOST ? `tools: more than ${LISTED_AT_MOST} server tools` : undefined;
  }

  #closeFallback({ values }: RequestFrame): string | undefined {
    const maxTokens = numberOf(values, 'max_tokens');
    return this.#addFallback({ model: textOf(values, 'model') ?? '', maxTokens, speed: textOf(values, 'speed') });
  }

  #addFallback(fallback: FallbackModel): string | undefined {
    return this.#fallbacks.push(fallback) > LISTED_AT_MOST
      ? `fallbacks: more than ${LISTED_AT_MOST} models`
      : undefined;
  }

  /** The API's default time to live is 5 minutes; one that is not known is taken for the dearest. */
  #closeCacheControl(frame: RequestFrame): void {
    const ttl = textOf(frame.values, 'ttl') ?? '5m';
    if (ttl !== '5m') this.#cacheWrite = '1h';
    else if (this.#cacheWrite === 'none') this.#cacheWrite = '5m';
  }
}
