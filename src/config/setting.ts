/** One setting: how it is called, what it means and how its text is read. Documents are checked against it. */
export interface Setting<T> {
  /** Environment variable. In the YAML file the same in lower case; `LIMIT_*` stand under `limits`. */
  name: string;
  /** Its values in words, for documents: "whole number, 1 to 65535". */
  type: string;
  /** "milliseconds", "bytes" or "" where there is none. */
  unit: string;
  default: T;
  /** The default as documents show it. */
  defaultText: string;
  /** One sentence, for documents. */
  sentence: string;
  /** Never shown, not even in a problem; also read from the file that `<name>_FILE` names. */
  secret: boolean;
  /** Reads the text of the environment or the file, already trimmed and not empty. */
  read: (text: string) => Reading<T>;
}

/** `problem` ends the sentence that the setting's name begins, and does not repeat the value. */
export type Reading<T> = { ok: true; value: T } | { ok: false; problem: string };

/** What a path may be. */
export const ANY_PATH = /^[^\0]{1,4096}$/;

type Described<T> = Pick<Setting<T>, 'name' | 'sentence'> & { default: T };

/** Any text that `pattern` takes; `type` says in words what that is. */
export function textSetting<T extends string | undefined>(
  setting: Described<T> & { type: string; pattern: RegExp; defaultText?: string },
): Setting<string | T> {
  return {
    ...setting,
    unit: '',
    defaultText: setting.defaultText ?? setting.default ?? '',
    secret: false,
    read: (text) => (setting.pattern.test(text) ? { ok: true, value: text } : fail(`is not ${setting.type}`)),
  };
}

export function secretSetting(
  setting: Omit<Described<undefined>, 'default'> & { type: string; pattern: RegExp; defaultText?: string },
): Setting<string | undefined> {
  return { ...textSetting({ ...setting, default: undefined }), secret: true };
}

export function integerSetting(
  setting: Described<number> & { unit?: string; min: number; max: number },
): Setting<number> {
  const type = `whole number, ${setting.min} to ${setting.max}`;
  return {
    ...setting,
    type,
    unit: setting.unit ?? '',
    defaultText: `${setting.default}`,
    secret: false,
    read: (text) => readInteger(text, setting.min, setting.max, type),
  };
}

export function choiceSetting<T extends string>(setting: Described<T> & { choices: readonly T[] }): Setting<T> {
  const type = `one of ${setting.choices.join(', ')}`;
  return {
    ...setting,
    type,
    unit: '',
    defaultText: setting.default,
    secret: false,
    read: (text) => {
      const value = setting.choices.find((choice) => choice === text);
      return value === undefined ? fail(`is not ${type}`) : { ok: true, value };
    },
  };
}

/** Digits only: "8e3", "0x1f", "1_000" and "-0" are typing errors more often than numbers. */
export function readInteger(text: string, min: number, max: number, type: string): Reading<number> {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? { ok: true, value } : fail(`is not a ${type}`);
}

export function fail(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}
