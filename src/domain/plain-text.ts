/** Control characters reach logs and headers, lone surrogates no reader, and direction marks show one name as another. */
const UNSAFE_TEXT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** What is wrong with a text that is not plain, to follow the field's name. */
export const PLAIN_TEXT_RULE = 'must be text without control characters and without blanks at its ends';

/** Whether a text can be a name: not empty, on one line, and without power over what shows it. */
export function isPlainText(text: string): boolean {
  return text !== '' && text.trim() === text && !UNSAFE_TEXT.test(text);
}
