import type { ServerResponse } from 'node:http';
import { createAnswerWriter } from './answer-writer.ts';
import { type DeliveryStep, planDelivery } from './delivery-steps.ts';
import type { LiveCall } from './live-call.ts';
import type { Pacer } from './pacer.ts';
import type { PreparedAnswer } from './prepare-answer.ts';
import type { Delivery, Ending } from './scenario-types.ts';
import type { CallEnd } from './simulator-types.ts';

/** How far an answer got. */
export interface Progress {
  /** A byte of the body was sent. */
  begun: boolean;
  /** The final usage was sent, or the whole body. */
  complete: boolean;
  /** Part of the output generated, 0 to 1. */
  share: number;
}

export interface Sending {
  response: ServerResponse;
  call: LiveCall;
  answer: PreparedAnswer;
  /** The usual headers; the answer's own and the scenario's come over them. */
  headers: Readonly<Record<string, string>>;
  acceptsGzip: boolean;
  pacer: Pacer;
  /** Aborts when the client has gone. */
  gone: AbortSignal;
  /** Kept up to date as the answer goes out. */
  progress: Progress;
  /** Called before the last byte leaves: whoever has read the answer finds it billed. */
  onComplete: () => void;
}

/** Sends an answer as its delivery says. @returns how it ended; billing is the caller's. */
export async function sendAnswer(sending: Sending): Promise<CallEnd> {
  const { response, call, answer, gone, progress } = sending;
  const { delivery } = answer;
  const lost = new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([delivery.beforeHeaders, lost]);
  if (!answer.streaming) progress.share = await sending.pacer.generate(answer.outputTokens, gone);
  if (delivery.ending?.at === 'before_headers') {
    if (delivery.ending.kind === 'cut') {
      response.destroy();
      return 'cut';
    }
    if (delivery.ending.kind === 'silence') await Promise.race([call.hold(0), lost]);
  }
  if (gone.aborted) return 'client_gone';
  const gzip = delivery.encoding === 'gzip' || (delivery.encoding === undefined && sending.acceptsGzip);
  writeHead(sending, gzip);
  const writer = createAnswerWriter(response, gzip, lost);
  if (delivery.beforeFirstByte !== undefined) {
    await writer.flushHeaders();
    await Promise.race([delivery.beforeFirstByte, lost]);
  }
  const steps = planDelivery(answer.frames, withoutEarlyEnding(delivery));
  for (const [index, step] of steps.entries()) {
    if (gone.aborted) return 'client_gone';
    if (step.kind === 'send') {
      await pace(sending, step);
      if (gone.aborted) return 'client_gone';
      takeProgress(progress, answer, step);
      if (index === steps.length - 1) sending.onComplete();
      await writer.write(step.bytes);
      call.eventsSent = step.eventsSent;
    } else if (step.kind === 'hold') {
      await writer.flushHeaders();
      await Promise.race([call.hold(step.index), lost]);
    } else if (step.kind === 'cut') {
      await writer.flushHeaders();
      await writer.cut(step.midChunk);
      return 'cut';
    } else {
      await writer.write(writeErrorEvent(delivery.ending, call.requestId));
      await writer.finish();
      return 'error_event';
    }
  }
  await writer.finish();
  return gone.aborted ? 'client_gone' : 'finished';
}

/** The silence before the headers is over by then. */
function withoutEarlyEnding(delivery: Delivery): Delivery {
  const { ending, ...rest } = delivery;
  return ending === undefined || ending.at === 'before_headers' ? rest : delivery;
}

function writeHead({ response, answer, headers }: Sending, gzip: boolean): void {
  const { delivery } = answer;
  for (const interim of delivery.informational ?? []) {
    if (interim === 'processing') response.writeProcessing();
    else response.writeEarlyHints({ link: '</v1>; rel=preconnect' });
  }
  const length = answer.frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
  const all: Record<string, string | null> = { ...headers, ...answer.headers };
  if (!answer.streaming && !gzip) all['content-length'] = String(length);
  if (gzip) all['content-encoding'] = 'gzip';
  // After a wrong length nobody could find the next answer on this connection.
  if (delivery.contentLength !== undefined) {
    all['content-length'] = String(delivery.contentLength);
    all.connection = 'close';
  }
  for (const [name, value] of Object.entries({ ...all, ...delivery.headers })) {
    if (value !== null) response.setHeader(name, value);
  }
  response.statusCode = answer.status;
}

async function pace(sending: Sending, step: DeliveryStep & { kind: 'send' }): Promise<void> {
  const { answer, pacer, gone, progress, response } = sending;
  if (!answer.streaming) return;
  const tokens = (step.share - progress.share) * answer.outputTokens;
  if (tokens <= 0 && progress.begun) return;
  await pacer.generate(tokens, gone, () => response.write('event: ping\ndata: {"type":"ping"}\n\n'));
}

function takeProgress(progress: Progress, answer: PreparedAnswer, step: DeliveryStep & { kind: 'send' }): void {
  progress.begun = true;
  if (answer.streaming) progress.share = Math.max(progress.share, step.share);
  const last = answer.frames[step.eventsSent - 1];
  const finalTypes = ['message_delta', 'message_stop'];
  progress.complete ||= !answer.streaming ? step.eventsSent > 0 : finalTypes.includes(last?.type ?? '');
}

function writeErrorEvent(ending: Ending | undefined, requestId: string): Buffer {
  const own = ending?.kind === 'error_event' ? ending : undefined;
  const error = { details: null, type: own?.type ?? 'overloaded_error', message: own?.message ?? 'Overloaded' };
  return Buffer.from(`event: error\ndata: ${JSON.stringify({ type: 'error', error, request_id: requestId })}\n\n`);
}
