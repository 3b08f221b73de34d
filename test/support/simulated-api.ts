import { createSimulatedApi } from '../../src/simulator/simulated-api.ts';
import type {
  AnswerPoint,
  Chunking,
  Delivery,
  ReplayScenario,
  Scenario,
  SimulatedApi,
  SimulatedApiOptions,
  SimulatedErrorName,
  SimulatedEvent,
} from '../../src/simulator/simulator-types.ts';

/** A simulated Claude API that listens, and is closed by `await using`. */
export interface ListeningApi extends SimulatedApi, AsyncDisposable {
  baseUrl: string;
}

/** Starts a simulated Claude API on a free port. Its key is `UPSTREAM_KEY` unless the options name others. */
export async function startSimulatedApi(options: SimulatedApiOptions = {}): Promise<ListeningApi> {
  const api = createSimulatedApi({ apiKeys: [UPSTREAM_KEY], ...options });
  const { baseUrl } = await api.listen();
  return Object.assign(api, { baseUrl, [Symbol.asyncDispose]: () => api.close() });
}

/** The only key a simulated API takes that was started without others. */
export const UPSTREAM_KEY = 'sk-ant-api03-simulated-upstream-key';

/** The default answer, delivered in a way of its own. */
export function delivered(delivery: Delivery): Scenario {
  return { kind: 'answer', delivery };
}

/** Sends given bytes; the bill is that of the usage in them. */
export function replay(body: Uint8Array | string, chunking: Chunking = 'events'): ReplayScenario {
  return { kind: 'replay', body, delivery: { chunking } };
}

export function failing(error: SimulatedErrorName): Scenario {
  return { kind: 'error', error };
}

export function cutAt(at: AnswerPoint, midChunk = false): Scenario {
  return delivered({ ending: { kind: 'cut', at, midChunk } });
}

export function silentAt(at: AnswerPoint): Scenario {
  return delivered({ ending: { kind: 'silence', at } });
}

export function errorEventAt(at: AnswerPoint): Scenario {
  return delivered({ ending: { kind: 'error_event', at } });
}

/** A stream whose events are changed before they are sent. The bill is that of the answer before the change. */
export function edited(editEvents: (events: SimulatedEvent[]) => SimulatedEvent[]): Scenario {
  return { kind: 'answer', answer: { editEvents } };
}

type EventData = Record<string, unknown> & { message?: Record<string, unknown> };

/** Changes the usage of `message_start` and of `message_delta`; undefined takes it away. */
export function lyingUsage(change: (usage: Record<string, unknown>) => Record<string, unknown> | undefined): Scenario {
  return {
    kind: 'answer',
    answer: {
      editEvents: (events) =>
        events.map((event) => {
          const data = event.data as EventData;
          const holder =
            data.type === 'message_start' ? data.message : data.type === 'message_delta' ? data : undefined;
          if (holder !== undefined) holder.usage = change(holder.usage as Record<string, unknown>);
          return event;
        }),
      editMessage: (message) => ({ ...message, usage: change(message.usage as Record<string, unknown>) }),
    },
  };
}

/** No usage anywhere. */
export const usageMissing: Scenario = lyingUsage(() => undefined);

/** Counts below zero. */
export const usageNegative: Scenario = lyingUsage((usage) => ({ ...usage, input_tokens: -5_000, output_tokens: -1 }));

/** Counts no model could reach. */
export const usageAbsurd: Scenario = lyingUsage((usage) => ({ ...usage, input_tokens: 9e15, output_tokens: 1e300 }));

/** `message_delta` tells of the output only, as streams did until July 2025. */
export const legacyDelta: Scenario = edited((events) =>
  events.map((event) => {
    const data = event.data as EventData;
    if (data.type !== 'message_delta') return event;
    const { output_tokens } = data.usage as Record<string, unknown>;
    return { ...event, data: { ...data, usage: { output_tokens } } };
  }),
);

/** `message_stop` follows without any `message_delta`. */
export const withoutMessageDelta: Scenario = edited((events) =>
  events.filter((event) => event.name !== 'message_delta'),
);

/** A stream that stops without `message_stop`, in good order as HTTP goes. */
export const withoutMessageStop: Scenario = edited((events) => events.filter((event) => event.name !== 'message_stop'));

/** Foreign events, comments and more pings between the known ones. */
export const withForeignEvents: Scenario = edited((events) =>
  events.flatMap((event) => [
    event,
    { name: 'ping', data: { type: 'ping' } },
    { name: 'tomorrows_event', data: { type: 'tomorrows_event', usage: { output_tokens: 999_999 } } },
    { name: undefined, data: undefined, raw: ': a comment\n\n' },
  ]),
);

/** An event of one very long line, sent before the last two. */
export function withLongLine(bytes: number): Scenario {
  return edited((events) => [
    ...events.slice(0, -2),
    { name: 'ping', data: { type: 'ping', padding: 'x'.repeat(bytes) } },
    ...events.slice(-2),
  ]);
}

/** A text of so many bytes: a large JSON body, or with `deltas` very many events. */
export function largeAnswer(bytes: number, deltas?: number): Scenario {
  const text = 'tollgate '.repeat(Math.ceil(bytes / 9)).slice(0, bytes);
  return { kind: 'answer', answer: deltas === undefined ? { text } : { text, deltas } };
}
