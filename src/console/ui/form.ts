import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiProblem, type FieldError, send } from '../data/api.ts';
import { type Content, html, names } from '../html.ts';

type Values = Record<string, string>;

export interface Sending {
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
}

interface FormProps<Answer> {
  submit: string;
  /** Takes something away for good. */
  isGrave?: boolean;
  /** What the fields make; called with the fields' texts. */
  toSending: (values: Values) => Sending;
  onDone: (answer: Answer) => void;
  onCancel?: () => void;
  /** @param errors what the server found wrong, by field. */
  children?: (errors: (field: string) => string | undefined) => Content;
}

/** Fields and a button. What the server refuses is said beside the field that it is about. */
export function Form<Answer>({
  submit,
  isGrave = false,
  toSending,
  onDone,
  onCancel,
  children,
}: FormProps<Answer>): VNode {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const actId = useRef<string | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  const find = (field: string): string | undefined => findError(problem?.errors ?? [], field);

  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem]);

  const onSubmit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    actId.current ??= newActId();
    const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Values;
    const { method, path, body } = toSending(values);
    try {
      onDone(await send<Answer>(path, { method, body, actId: actId.current }));
    } catch (error) {
      const found =
        error instanceof ApiProblem ? error : new ApiProblem(0, 'fault', 'Something went wrong on this page.');
      // Whether it was done is known: another try is another act.
      if (found.status >= 400 && found.status < 500) actId.current = undefined;
      setProblem(found);
    }
    setBusy(false);
  };
  return html`<form ref=${form} class="form" novalidate onSubmit=${onSubmit}>
    ${problem === undefined ? null : html`<p class="form-problem" role="alert">${problem.message}</p>`}
    ${children?.(find)}
    <div class="form-buttons">
      <button type="submit" class=${names('button', isGrave ? 'button-grave' : 'button-main')} aria-disabled=${isBusy}>${isBusy ? 'Working …' : submit}</button>
      ${onCancel === undefined ? null : html`<button type="button" class="button" onClick=${onCancel}>Cancel</button>`}
    </div>
  </form>`;
}

/** Random, also where a page is not served by TLS and the browser's own generator of ids is not to be had. */
function newActId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function findError(errors: readonly FieldError[], field: string): string | undefined {
  const found = errors.find(
    (each) => each.field === field || each.field.startsWith(`${field}[`) || each.field.startsWith(`${field}.`),
  );
  return found === undefined ? undefined : `This ${found.message}.`;
}

interface FieldProps {
  label: string;
  name: string;
  type?: 'text' | 'password' | 'number' | 'date' | 'datetime-local' | 'search' | 'email' | 'url';
  value?: string;
  hint?: Content;
  error?: string | undefined;
  options?: readonly { value: string; label: string }[];
  isOptional?: boolean;
  inputMode?: string;
  autocomplete?: string;
  isFirst?: boolean;
  onInput?: (event: Event) => void;
}

/** One field with its label, its hint and what is wrong with it. */
export function Field(props: FieldProps): VNode {
  const { label, name, type = 'text', value, hint, error, options, isOptional = false, isFirst = false } = props;
  const id = useId();
  const about = names(hint ? `${id}-hint` : false, error !== undefined && `${id}-error`) || undefined;
  const common = {
    id,
    name,
    'aria-describedby': about,
    'aria-invalid': error === undefined ? undefined : 'true',
    onInput: props.onInput,
  };
  // What is typed is the reader's: only who follows each letter may set the text again.
  const given = props.onInput === undefined ? { defaultValue: value } : { value };
  const control =
    options === undefined
      ? html`<input ...${common} type=${type} ...${given} inputmode=${props.inputMode} autocomplete=${props.autocomplete ?? 'off'} autofocus=${isFirst} required=${!isOptional} spellcheck="false" />`
      : html`<select ...${common} onChange=${props.onInput}>${options.map((option) => html`<option value=${option.value} selected=${option.value === value}>${option.label}</option>`)}</select>`;
  return html`<div class="field">
    <label for=${id}>${label}${isOptional ? html` <span class="optional">optional</span>` : null}</label>
    ${control}
    ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : null}
    ${error === undefined ? null : html`<p class="field-error" id="${id}-error">${error}</p>`}
  </div>`;
}
