import { render } from 'preact';
import { App } from './app.ts';
import { followLink } from './data/route.ts';
import { html } from './html.ts';

const place = document.getElementById('console');
if (place !== null) {
  document.addEventListener('click', followLink);
  render(html`<${App} />`, place);
}
