import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';

interface CopyProps {
  text: string;
  label: string;
}

/** A text to take along: shown whole, and copied by a button. */
export function Copy({ text, label }: CopyProps): VNode {
  const [said, setSaid] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), 4_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      // Without TLS, or forbidden: it is marked, so that the keyboard's own copy takes it.
      field.current?.select();
      setSaid('Marked: press Ctrl+C or ⌘C');
    }
  };
  const rows = text.split('\n').length;
  return html`<div class="copy">
    <label class="unseen" for=${id}>${label}</label>
    <textarea id=${id} ref=${field} class="copy-text" readonly rows=${rows} value=${text} spellcheck="false"></textarea>
    <button type="button" class="button copy-button" onClick=${copy} aria-label="Copy ${label}">${said === 'Copied' ? 'Copied' : 'Copy'}</button>
    <span class=${said === '' || said === 'Copied' ? 'unseen' : 'note'} role="status">${said}</span>
  </div>`;
}
