/** What the upstream of the benchmarks answers: of the shape and size of a short real answer. */
const USAGE = {
  input_tokens: 12,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 25,
  service_tier: 'standard',
};
const MESSAGE = { id: 'msg_01bench', type: 'message', role: 'assistant', model: 'claude-haiku-4-5-20251001' };
const ENDED = { stop_reason: 'end_turn', stop_sequence: null };
const TEXTS = ['The sea', ' lies', ' two', ' hours', ' to the', ' west', ', past', ' three', ' toll', ' gates', '.'];

export const JSON_ANSWER = JSON.stringify({
  ...MESSAGE,
  content: [{ type: 'text', text: TEXTS.join('') }],
  ...ENDED,
  usage: USAGE,
});

export const STREAM_ANSWER = [
  {
    type: 'message_start',
    message: { ...MESSAGE, content: [], stop_reason: null, stop_sequence: null, usage: { ...USAGE, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...TEXTS.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: ENDED, usage: { output_tokens: 25 } },
  { type: 'message_stop' },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join('');
