import { createJsonUsageReader } from './json-usage-reader.ts';
import { createSseUsageReader } from './sse-usage-reader.ts';
import type { UsageReader } from './usage-reader.ts';

/**
 * The reader for an answer of this `content-type`: a stream for `text/event-stream`, one JSON message for any other.
 * @param requestedModel the request's model, priced only where the answer names none.
 */
export function createUsageReader(contentType: string | undefined, requestedModel?: string): UsageReader {
  const isStream = contentType?.trimStart().toLowerCase().startsWith('text/event-stream') === true;
  return isStream ? createSseUsageReader(requestedModel) : createJsonUsageReader(requestedModel);
}
