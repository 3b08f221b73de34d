import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { writeIsoTime } from '../domain/iso-time.ts';
import { boundFields, clipText } from './bound-fields.ts';
import { formatForPeople } from './format-for-people.ts';
import { joinLines } from './join-lines.ts';
import { createSecretMask } from './mask-secrets.ts';

/** A way past the look at each field and at the whole text, for the line that every call writes. */
export interface BoundedLines {
  /**
   * @param fields bounded by the caller, none of them under a secret name.
   * @param given names of those whose text a stranger gave: it passes the mask.
   */
  bounded?(
    level: 'info' | 'warn',
    fields: { [name: string]: unknown },
    given: readonly string[],
    message: string,
  ): void;
}

export type Logger = PinoLogger & BoundedLines;

/** The longest message. Fields are bounded by boundFields. */
const MESSAGE_CHARACTERS_AT_MOST = 2_000;

export interface LoggerOptions {
  level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Values that must never be written: the upstream key, the admin token, the webhook secret. */
  secrets: readonly string[];
  /** Where lines go; standard output unless given. */
  output?: { write(text: string): unknown; isTTY?: boolean };
}

/**
 * One JSON line per event; on a terminal, a line for people. Every line passes one mask on its way out, so no caller
 * can log a secret, and every field is bounded. Of the line of a call only what a stranger gave passes it: the rest, ids,
 * numbers and constants, is most of what is written.
 */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? process.stdout;
  const mask = createSecretMask(options.secrets);
  const format = output.isTTY === true ? formatForPeople : (line: string): string => line;
  const lines = joinLines(output);
  // What ends the process leaves no turn to wait for.
  if (options.output === undefined) process.once('exit', lines.flush);
  const emit = (text: string): void => void (options.output === undefined ? lines : output).write(text);
  const write = (line: string): void => emit(mask(format(line)));
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: boundFields },
      // boundFields has made errors plain already; pino's own serializer would take them for something else.
      serializers: { err: (value) => value },
      hooks: {
        logMethod(args, method) {
          const [first, second] = args as unknown[];
          // Format arguments (`%s`) are not supported: a message is a constant, what varies are fields.
          if (typeof first === 'string') return method.apply(this, [clipText(first, MESSAGE_CHARACTERS_AT_MOST)]);
          if (first instanceof Error && second === undefined) {
            return method.apply(this, [{ err: first }, clipText(first.message, MESSAGE_CHARACTERS_AT_MOST) as never]);
          }
          const message = typeof second === 'string' ? clipText(second, MESSAGE_CHARACTERS_AT_MOST) : undefined;
          return method.apply(this, message === undefined ? [first as object] : [first as object, message as never]);
        },
      },
    },
    { write },
  );
  const bounded: BoundedLines['bounded'] = function (this: PinoLogger, level, fields, given, message) {
    // A child adds fields of its own.
    if (this !== logger) return this[level](fields, message);
    if (!logger.isLevelEnabled(level)) return undefined;
    for (const name of given) {
      const text = fields[name];
      if (typeof text === 'string') fields[name] = mask(text);
    }
    const members = JSON.stringify(fields).slice(1, -1);
    const time = writeIsoTime(Date.now());
    emit(format(`{"level":"${level}","time":"${time}",${members},"msg":${JSON.stringify(message)}}\n`));
  };
  return Object.assign(logger, { bounded });
}
