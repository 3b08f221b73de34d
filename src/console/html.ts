import htm from 'htm';
import { type ComponentType, h, type VNode } from 'preact';

/** What may stand inside an element. */
export type Content = VNode | string | number | null | undefined | false | Content[];

/** Elements written as they look: `html\`<p class=${name}>${text}</p>\``. Text is always text, never markup. */
export const html = htm.bind(
  h as (type: string | ComponentType, props: object | null, ...rest: Content[]) => VNode,
) as (strings: TemplateStringsArray, ...values: unknown[]) => VNode;

/** The names that apply, with blanks between. */
export function names(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}
