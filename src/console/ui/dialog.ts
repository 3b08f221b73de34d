import type { VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { type Content, html } from '../html.ts';

interface DialogProps {
  title: string;
  onClose: () => void;
  /** What is shown once must not go by a slip of the hand. */
  isFirm?: boolean;
  children?: Content;
}

/** A question over the page. The browser keeps the focus in it; it goes back to where it was. */
export function Dialog({ title, onClose, isFirm = false, children }: DialogProps): VNode {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      // It is out of the page by now, so the browser cannot do it.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onCancel = (event: Event): void => {
    event.preventDefault();
    if (!isFirm) onClose();
  };
  const onClick = (event: MouseEvent): void => {
    if (event.target === element.current && !isFirm) onClose();
  };
  return html`<dialog ref=${element} class="dialog" aria-labelledby=${id} onCancel=${onCancel} onClick=${onClick}>
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 id=${id}>${title}</h2>
        ${isFirm ? null : html`<button type="button" class="close" aria-label="Close" onClick=${onClose}>×</button>`}
      </header>
      ${children}
    </div>
  </dialog>`;
}
