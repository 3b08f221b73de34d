import type { VNode } from 'preact';
import { useId, useState } from 'preact/hooks';
import { html } from '../html.ts';

const CHOICES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;
const KEPT_AS = 'tollgate-theme';

export function ThemeSwitch(): VNode {
  const [chosen, setChosen] = useState(() => localStorage.getItem(KEPT_AS) ?? 'auto');
  const id = useId();
  const onChange = (event: Event): void => {
    const { value } = event.target as HTMLSelectElement;
    setChosen(value);
    if (value === 'auto') {
      localStorage.removeItem(KEPT_AS);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(KEPT_AS, value);
      document.documentElement.dataset.theme = value;
    }
  };
  return html`<div class="theme">
    <label for=${id}>Appearance</label>
    <select id=${id} onChange=${onChange}>${CHOICES.map(({ value, label }) => html`<option value=${value} selected=${value === chosen}>${label}</option>`)}</select>
  </div>`;
}
