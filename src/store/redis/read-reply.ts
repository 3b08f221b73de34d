import type { ScriptReply } from './define-scripts.ts';

/** A script answered something it never does. */
export class ScriptReplyUnreadable extends Error {
  readonly code = 'SCRIPT_REPLY_UNREADABLE';
  override readonly name = 'ScriptReplyUnreadable';
}

/** A flat list of strings, which is what most scripts answer. */
export function readWords(reply: ScriptReply): string[] {
  if (!Array.isArray(reply)) throw new ScriptReplyUnreadable(`a list was expected, not ${typeof reply}`);
  return reply.map((word) => {
    if (typeof word !== 'string') throw new ScriptReplyUnreadable(`a string was expected, not ${typeof word}`);
    return word;
  });
}

/** The same words, as a list or, where a script is called often, joined by spaces into one text. */
export function readJoinedWords(reply: ScriptReply): string[] {
  return typeof reply === 'string' ? reply.split(' ') : readWords(reply);
}

/** The word at a place of a reply. */
export function readWord(words: readonly string[], index: number): string {
  const word = words[index];
  if (word === undefined) throw new ScriptReplyUnreadable(`the reply ${words[0] ?? ''} ends before its word ${index}`);
  return word;
}
