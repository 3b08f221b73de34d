import { writeExactJson } from '../exact-json.ts';
import type { EndDetails } from './credit-commands.ts';

/** The details of a journal entry as the text that is kept. */
export function writeDetails(details: EndDetails): string {
  return typeof details === 'string' ? details : writeExactJson(details);
}
