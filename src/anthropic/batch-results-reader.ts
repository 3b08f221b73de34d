import type { ReportedUsage } from '../domain/call-outcome.ts';
import { AnswerCollector, MESSAGE_MEMBERS } from './answer-collector.ts';
import { isDoubtfulUsage } from './doubtful-usage.ts';
import type { FieldListener, FieldPlan } from './field-plan.ts';
import { JsonFieldReader } from './json-field-reader.ts';
import { textOf } from './message-usage.ts';

/** One line of a batch's results. */
export interface BatchResult {
  customId: string | undefined;
  /** `succeeded`, `errored`, `canceled`, `expired`, or a word to come; undefined: the line could not be read. */
  type: string | undefined;
  /** `message.model`. */
  model: string | undefined;
  reported: ReportedUsage;
}

/** Reads the results of a batch, JSON lines, from their bytes as they pass. Memory is bounded whatever their size. */
export interface BatchResultsReader {
  /** The next bytes, split anywhere. They are not kept. */
  push(chunk: Uint8Array): void;
  /** After the last byte: a last line without its end is one too. */
  end(): void;
}

const PLAN: FieldPlan = {
  members: {
    custom_id: { capture: true },
    result: { members: { type: { capture: true }, message: { members: MESSAGE_MEMBERS } } },
  },
};
const MESSAGE_PATH = 'result.message.';
const BLOCK_PATH = `${MESSAGE_PATH}content[].`;
const LINE_FEED = 0x0a;

/** @param onResult hears of every line that is not empty, in order. */
export function createBatchResultsReader(onResult: (result: BatchResult) => void): BatchResultsReader {
  let line = new LineFields();
  let fields = new JsonFieldReader(PLAN, line);
  const finishLine = (): void => {
    if (!fields.started) return;
    onResult(line.result(fields.done));
    line = new LineFields();
    fields = new JsonFieldReader(PLAN, line);
  };
  return {
    push(chunk) {
      let start = 0;
      // Within JSON texts a line feed is written as an escape, so this byte is always the end of a line.
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        fields.push(chunk, start, end);
        finishLine();
        start = end + 1;
      }
      fields.push(chunk, start, chunk.length);
    },
    end: finishLine,
  };
}

class LineFields implements FieldListener {
  readonly #collector = new AnswerCollector(undefined);
  #customId: string | undefined;
  #type: string | undefined;
  #model: string | undefined;

  captured(path: string, value: unknown): void {
    if (path === 'custom_id') this.#customId = textOf(value);
    else if (path === 'result.type') this.#type = textOf(value);
    else if (path.startsWith(BLOCK_PATH)) this.#collector.setBlockMember(path.slice(BLOCK_PATH.length), value);
    else if (path.startsWith(MESSAGE_PATH)) {
      const name = path.slice(MESSAGE_PATH.length);
      if (name === 'model') this.#model = textOf(value);
      this.#collector.setMember(name, value);
    }
  }

  counted(path: string, characters: number): void {
    this.#collector.count(path, characters);
  }

  ended(): void {
    this.#collector.endBlock();
  }

  odd(anomaly: string): void {
    this.#collector.odd(anomaly);
  }

  result(isWhole: boolean): BatchResult {
    const { usage, anomalies } = this.#collector.snapshotUsage();
    const { visibleCharacters, content } = this.#collector;
    return {
      customId: this.#customId,
      type: isWhole ? this.#type : undefined,
      model: this.#model,
      reported: { usage, visibleCharacters, content, isDoubtful: isDoubtfulUsage(anomalies) },
    };
  }
}
