import { Dispatcher } from 'undici';
import { createBillBook } from '../../src/simulator/bill.ts';
import { billAnswer } from '../../src/simulator/bill-answer.ts';
import { type DeliveryStep, planDelivery } from '../../src/simulator/delivery-steps.ts';
import { type PreparedAnswer, prepareMessages } from '../../src/simulator/prepare-answer.ts';
import { createPromptCache } from '../../src/simulator/prompt-cache.ts';
import { createSeededRandom, type SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { CallEnd, Scenario } from '../../src/simulator/simulator-types.ts';
import type { Mortal } from './mortal.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the upstream does with one call. */
export interface UpstreamPlan {
  /** No connection comes about. */
  isUnreachable: boolean;
  scenario: Scenario;
  headersAfterMs: number;
  /** Longest time between two pieces. */
  gapMs: number;
}

/** One call as the upstream saw it: what the judge goes by. */
export interface UpstreamCall {
  readonly number: number;
  /** The process that sent it. */
  readonly owner: Mortal;
  readonly answer: PreparedAnswer;
  readonly isUnreachable: boolean;
  /** Of the body, as far as the process was given them while it lived. */
  givenBytes: number;
  hasGivenHeaders: boolean;
  /** How it ended for the process, while it lived; undefined: it never learnt an end. */
  end: 'ended' | 'failed' | 'aborted' | undefined;
  /** It was alive when what it did about the end was done. */
  outlivedEnd: boolean;
  /** On virtual time, from its arrival. */
  endedAfterMs: number;
  billedNanoUsd: bigint;
}

export interface ScriptedUpstream {
  readonly calls: readonly UpstreamCall[];
  /** As a process reaches it. */
  connect(life: Mortal): Dispatcher;
}

export interface UpstreamTimes {
  firstByteMs: number;
  silenceMs: number;
}

/** A Claude API without sockets: the simulator's own answers and bill, delivered on virtual time. */
export function createScriptedUpstream(
  time: VirtualTime,
  random: SeededRandom,
  times: UpstreamTimes,
  planOf: (number: number) => UpstreamPlan,
): ScriptedUpstream {
  const calls: UpstreamCall[] = [];
  const cache = createPromptCache(() => new Date(time.elapsedMs));
  const answerOf = (options: Dispatcher.DispatchOptions, scenario: Scenario | undefined): PreparedAnswer => {
    const route = options.path.startsWith('/v1/messages/count_tokens') ? 'count_tokens' : 'messages';
    const headers = { 'anthropic-version': '2023-06-01' };
    const json: unknown = JSON.parse(String(options.body));
    const request = { sequence: 0, method: 'POST', path: options.path, query: '', headers, rawHeaders: [], json };
    const requestId = `req_up_${calls.length}`;
    const context = { requestId, organizationId: 'org', cache, random: createSeededRandom(random.integer(2 ** 31)) };
    return prepareMessages({ ...request, body: Buffer.alloc(0) }, route, scenario, context);
  };
  return {
    calls,
    connect(life) {
      class Agent extends Dispatcher {
        override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
          if (!life.act()) return true;
          const number = Number(/#(\d+)#/.exec(String(options.body))?.[1]);
          const isFree = options.path.includes('count_tokens');
          const plan = planOf(number);
          const call: UpstreamCall = {
            number,
            owner: life,
            answer: answerOf(options, isFree ? undefined : plan.scenario),
            isUnreachable: plan.isUnreachable,
            givenBytes: 0,
            hasGivenHeaders: false,
            end: undefined,
            outlivedEnd: false,
            endedAfterMs: 0,
            billedNanoUsd: 0n,
          };
          if (!isFree) calls.push(call);
          new Delivery({ time, random, times, plan }, call, handler).start();
          return true;
        }
        override close(): Promise<void> {
          return Promise.resolve();
        }
        override destroy(): Promise<void> {
          return Promise.resolve();
        }
      }
      return new Agent();
    },
  };
}

interface DeliveryParts {
  time: VirtualTime;
  random: SeededRandom;
  times: UpstreamTimes;
  plan: UpstreamPlan;
}

class Delivery {
  readonly #parts: DeliveryParts;
  readonly #call: UpstreamCall;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #steps: DeliveryStep[];
  readonly #controller: Dispatcher.DispatchController;
  readonly #progress = { begun: false, complete: false, share: 0 };
  readonly #startedAtMs: number;
  #parked: (() => void) | undefined;
  #isPaused = false;
  #isBilled = false;

  constructor(parts: DeliveryParts, call: UpstreamCall, handler: Dispatcher.DispatchHandler) {
    this.#parts = parts;
    this.#call = call;
    this.#handler = handler;
    this.#startedAtMs = parts.time.elapsedMs;
    const { delivery, frames } = call.answer;
    const { ending, ...rest } = delivery;
    this.#steps = planDelivery(frames, ending === undefined || ending.at === 'before_headers' ? rest : delivery);
    const self = this;
    this.#controller = {
      aborted: false,
      paused: false,
      reason: null,
      abort: (reason: Error) =>
        self.#finish('aborted', 'client_gone', () => handler.onResponseError?.(self.#controller, reason)),
      pause() {
        self.#isPaused = true;
      },
      resume() {
        self.#isPaused = false;
        const parked = self.#parked;
        self.#parked = undefined;
        if (parked !== undefined) self.#later(1, parked);
      },
    } as unknown as Dispatcher.DispatchController;
  }

  start(): void {
    const { plan, random, times } = this.#parts;
    this.#later(random.integer(5), () => {
      if (plan.isUnreachable) return this.#fail('ECONNREFUSED', 'cut');
      this.#handler.onRequestStart?.(this.#controller, undefined);
      if (this.#call.end !== undefined) return;
      this.#handler.onRequestSent?.();
      const { ending } = this.#call.answer.delivery;
      const isEarly = ending?.at === 'before_headers';
      if (isEarly && ending.kind === 'cut')
        return this.#later(plan.headersAfterMs, () => this.#fail('UND_ERR_SOCKET', 'cut'));
      if (isEarly && ending.kind === 'silence')
        return this.#later(times.firstByteMs, () => this.#fail('UND_ERR_HEADERS_TIMEOUT', 'client_gone'));
      this.#later(plan.headersAfterMs, () => this.#giveHeaders());
    });
  }

  #giveHeaders(): void {
    const { status, headers, frames, streaming } = this.#call.answer;
    const length = frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const framing = streaming ? {} : { 'content-length': `${length}` };
    this.#call.hasGivenHeaders = true;
    const all = { 'request-id': `req_up_${this.#call.number}`, ...headers, ...framing };
    this.#handler.onResponseStart?.(this.#controller, status, all, '');
    this.#step(0);
  }

  #step(index: number): void {
    const { random, times } = this.#parts;
    const step = this.#steps[index];
    if (step === undefined) {
      // The end of a chunked body may come with its last bytes or later.
      this.#later(random.integer(3) * random.integer(40), () =>
        this.#finish('ended', 'finished', () => this.#handler.onResponseEnd?.(this.#controller, {})),
      );
    } else if (step.kind === 'hold') {
      this.#later(times.silenceMs, () => this.#fail('UND_ERR_BODY_TIMEOUT', 'client_gone'));
    } else this.#takeStep(step, index);
  }

  #takeStep(step: Exclude<DeliveryStep, { kind: 'hold' }>, index: number): void {
    const { plan, random } = this.#parts;
    this.#later(random.integer(plan.gapMs + 1), () => {
      if (step.kind === 'cut') return this.#fail('UND_ERR_SOCKET', 'cut');
      if (step.kind === 'error_event') return this.#giveErrorEvent();
      this.#give(step, index === this.#steps.length - 1);
      this.#step(index + 1);
    });
  }

  #give(step: DeliveryStep & { kind: 'send' }, isLast: boolean): void {
    this.#note(step);
    if (isLast) this.#bill('finished');
    this.#call.givenBytes += step.bytes.length;
    this.#handler.onResponseData?.(this.#controller, step.bytes);
  }

  #note({ eventsSent, share }: DeliveryStep & { kind: 'send' }): void {
    const { frames, streaming } = this.#call.answer;
    this.#progress.begun = true;
    if (streaming) this.#progress.share = Math.max(this.#progress.share, share);
    const type = frames[eventsSent - 1]?.type ?? '';
    this.#progress.complete ||= streaming ? ['message_delta', 'message_stop'].includes(type) : eventsSent > 0;
  }

  #giveErrorEvent(): void {
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    const event = Buffer.from(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`);
    // After its last byte an answer cannot fail any more.
    const isWhole =
      this.#call.givenBytes === this.#call.answer.frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#bill(isWhole ? 'finished' : 'error_event');
    this.#handler.onResponseData?.(this.#controller, event);
    this.#finish('failed', 'error_event', () => this.#handler.onResponseEnd?.(this.#controller, {}));
  }

  #fail(code: string, how: CallEnd): void {
    const error = Object.assign(new Error(code), { code });
    this.#finish('failed', how, () => this.#handler.onResponseError?.(this.#controller, error));
  }

  #finish(end: 'ended' | 'failed' | 'aborted', how: CallEnd, tell: () => void): void {
    if (this.#call.end !== undefined) return;
    this.#call.end = end;
    this.#call.endedAfterMs = this.#parts.time.elapsedMs - this.#startedAtMs;
    this.#bill(how);
    tell();
    this.#call.outlivedEnd = this.#call.owner.isAlive;
  }

  #bill(how: CallEnd): void {
    if (this.#isBilled) return;
    this.#isBilled = true;
    const { truth, status } = this.#call.answer;
    if (truth === undefined || this.#call.isUnreachable) return;
    const owed = billAnswer(truth, how, this.#progress, 'generated_so_far');
    this.#call.billedNanoUsd = createBillBook(1).record({ requestId: '', status, ...owed }).amountNanoUsd;
  }

  /** Goes on when the time has come, if there is still anybody there; waits while it is not read. */
  #later(delayMs: number, run: () => void): void {
    this.#parts.time.after(delayMs, () => {
      if (this.#call.end !== undefined) return;
      if (!this.#call.owner.isAlive) return this.#bill('client_gone');
      if (this.#isPaused) this.#parked = run;
      else run();
    });
  }
}
