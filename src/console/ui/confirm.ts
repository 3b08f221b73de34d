import type { VNode } from 'preact';
import { type Content, html } from '../html.ts';
import { Dialog } from './dialog.ts';
import { Form, type Sending } from './form.ts';

interface ConfirmProps {
  title: string;
  submit: string;
  sending: Sending;
  onDone: () => void;
  onClose: () => void;
  /** What comes of it. */
  children?: Content;
}

/** Asks once more before something is taken away. */
export function Confirm({ title, submit, sending, onDone, onClose, children }: ConfirmProps): VNode {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div>${children}</div>
    <${Form} submit=${submit} isGrave toSending=${() => sending} onDone=${onDone} onCancel=${onClose} />
  <//>`;
}
