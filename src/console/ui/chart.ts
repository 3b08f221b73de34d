import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatMoney } from '../data/money.ts';
import { html, names } from '../html.ts';
import { findTickPlaces, findTicks, layBars, type Stack } from './chart-scale.ts';
import { type Column, Table } from './table.ts';

export type { Stack } from './chart-scale.ts';

interface ChartProps {
  title: string;
  /** One per bar, in order of time. */
  stacks: readonly Stack[];
  /** The parts of a stack, from the ground up: their names are shown in this order. */
  series: readonly string[];
}

const HEIGHT = 220;
const LEFT = 56;
/** So many places of a dollar stand to the left of the bars; each one more takes so much. */
const PLACES_WITHIN = 4;
const PLACE_WIDTH = 7;
const FOOT = 22;
/** A label below the bars takes so much. */
const LABEL_WIDTH = 76;

/** Money over time as stacked bars, and the same as a table for those who would rather read. */
export function Chart({ title, stacks, series }: ChartProps): VNode {
  const [isTable, setTable] = useState(false);
  return html`<figure class="chart">
    ${isTable ? html`<${ChartTable} title=${title} stacks=${stacks} series=${series} />` : html`<${Bars} title=${title} stacks=${stacks} series=${series} />`}
    <figcaption class="chart-foot">
      <ul class="legend" aria-label="Colours">
        ${series.map((name, index) => html`<li><span class=${`swatch series-${index}`} aria-hidden="true"></span>${name}</li>`)}
        ${stacks.some(({ isForecast }) => isForecast) ? html`<li><span class="swatch swatch-forecast" aria-hidden="true"></span>forecast</li>` : null}
      </ul>
      <button type="button" class="button-plain" aria-pressed=${isTable} onClick=${() => setTable(!isTable)}>${isTable ? 'As a chart' : 'As a table'}</button>
    </figcaption>
  </figure>`;
}

function Bars({ title, stacks, series }: ChartProps): VNode {
  const [pointed, setPointed] = useState<number>();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const ticks = findTicks(stacks);
  const places = findTickPlaces(ticks);
  const left = LEFT + Math.max(0, places - PLACES_WITHIN) * PLACE_WIDTH;
  const top = ticks.at(-1) ?? 1;
  const step = (width - left) / Math.max(1, stacks.length);
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / step));
  const yOf = (value: number): number => HEIGHT - FOOT - (value / top) * (HEIGHT - FOOT - 10);
  const told = pointed === undefined ? undefined : stacks[pointed];
  return html`<div class="chart-frame" ref=${frame}>
    <svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}. The table has every figure." onMouseLeave=${() => setPointed(undefined)}>
      ${ticks.map((tick) => html`<g><line class="grid" x1=${left} x2=${width} y1=${yOf(tick)} y2=${yOf(tick)} /><text class="tick" x=${left - 8} y=${yOf(tick) + 4} text-anchor="end">${formatMoney(tick.toFixed(9), { places })}</text></g>`)}
      ${stacks.map((stack, index) => {
        const x = left + index * step;
        const bars = layBars(stack, series.length).map(
          ({ part, from, to }) =>
            html`<rect class=${`series-${part}`} x=${x + step * 0.14} width=${step * 0.72} y=${yOf(to)} height=${Math.max(0, yOf(from) - yOf(to))} />`,
        );
        return html`<g class=${names('stack', stack.isForecast && 'stack-forecast', pointed === index && 'stack-pointed')} onMouseEnter=${() => setPointed(index)}>
          <rect class="stack-ground" x=${x} width=${step} y="0" height=${HEIGHT - FOOT} />
          ${bars}
          ${index % every === 0 ? html`<text class="tick" x=${x + step / 2} y=${HEIGHT - 6} text-anchor="middle">${stack.label}</text>` : null}
        </g>`;
      })}
    </svg>
    ${told === undefined ? null : html`<${Told} stack=${told} series=${series} isRight=${(pointed ?? 0) > stacks.length / 2} />`}
  </div>`;
}

/** Drawn in the pixels there are, so that letters keep their size on a phone. */
function useWidth(frame: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(720);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(280, element.clientWidth)));
    observer.observe(element);
    setWidth(Math.max(280, element.clientWidth));
    return () => observer.disconnect();
  }, []);
  return width;
}

function Told({ stack, series, isRight }: { stack: Stack; series: readonly string[]; isRight: boolean }): VNode {
  const parts = series
    .map((name, index) => ({ name, index, usd: stack.parts[index] ?? '0.00' }))
    .filter(({ usd }) => /[1-9]/.test(usd));
  return html`<div class=${names('told', isRight && 'told-left')} aria-hidden="true">
    <p class="told-title">${stack.title}${stack.isForecast ? ' (forecast)' : ''}</p>
    <p class="told-total">${formatMoney(stack.total)}</p>
    ${parts.toReversed().map(({ name, index, usd }) => html`<p class="told-part"><span class=${`swatch series-${index}`}></span><span>${name}</span><span>${formatMoney(usd)}</span></p>`)}
  </div>`;
}

function ChartTable({ title, stacks, series }: ChartProps): VNode {
  const columns: Column<Stack>[] = [
    { id: 'when', label: 'When', cell: ({ title: when, isForecast }) => `${when}${isForecast ? ' (forecast)' : ''}` },
    ...series.map((name, index) => ({
      id: name,
      label: name,
      isFigure: true,
      cell: (stack: Stack) => formatMoney(stack.parts[index] ?? '0.00'),
    })),
    { id: 'total', label: 'All', isFigure: true, cell: ({ total }) => formatMoney(total) },
  ];
  return html`<${Table} caption=${title} columns=${columns} rows=${stacks} rowId=${({ id }: Stack) => id} />`;
}
