import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { boundFields, clipText } from './bound-fields.ts';
import { formatForPeople } from './format-for-people.ts';
import { joinLines } from './join-lines.ts';
import { createSecretMask } from './mask-secrets.ts';

/** A way past the look at each field, for the line that every call writes. It passes the mask like all others. */
export interface BoundedLines {
  /** @param fields bounded by the caller, none of them under a secret name. */
  bounded?(level: 'info' | 'warn', fields: { readonly [name: string]: unknown }, message: string): void;
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
 * can log a secret, and every field is bounded.
 */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.output ?? process.stdout;
  const mask = createSecretMask(options.secrets);
  const format = output.isTTY === true ? formatForPeople : (line: string): string => line;
  const lines = joinLines(output);
  // What ends the process leaves no turn to wait for.
  if (options.output === undefined) process.once('exit', lines.flush);
  const write = (line: string): void => void (options.output === undefined ? lines : output).write(mask(format(line)));
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
  const bounded: BoundedLines['bounded'] = function (this: PinoLogger, level, fields, message) {
    // A child adds fields of its own.
    if (this !== logger) this[level](fields, message);
    else if (logger.isLevelEnabled(level))
      write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: message })}\n`);
  };
  return Object.assign(logger, { bounded });
}
