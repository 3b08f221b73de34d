// A dashboard of Grafana from a short description of its rows and panels.

/** What Grafana calls a data source that the reader chooses. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is Grafana that puts the choice in its place
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** A list of the other dashboards, with the same time and choices. */
const OTHER_BOARDS = {
  type: 'dashboards',
  title: 'Tollgate',
  tags: ['tollgate'],
  icon: 'external link',
  tooltip: '',
  targetBlank: false,
  asDropdown: true,
  keepTime: true,
  includeVars: true,
};
const COLUMNS = 24;
const SCHEMA_VERSION = 39;

/**
 * @param board `uid`, `title`, `description`, `variables` (see {@link variable}) and `rows`, each `{ title, panels }`.
 * @returns the dashboard as Grafana imports it. The same description gives the same bytes.
 */
export function createDashboard(board) {
  const place = createPlacer();
  return {
    uid: board.uid,
    title: board.title,
    description: board.description,
    tags: ['tollgate'],
    editable: true,
    graphTooltip: 1,
    schemaVersion: SCHEMA_VERSION,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [OTHER_BOARDS],
    templating: { list: [datasourceVariable(), ...(board.variables ?? [])] },
    panels: board.rows.flatMap(({ title, panels }) => [
      { type: 'row', title, collapsed: false, panels: [], ...place({ width: COLUMNS, height: 1 }) },
      ...panels.map((panel) => createPanel(panel, place)),
    ]),
  };
}

/** A choice filled by a query; `all` lets the reader take every value. */
export function variable({ name, label, query, all = false }) {
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    query: { query, refId: 'variable' },
    definition: query,
    refresh: 2,
    sort: 1,
    includeAll: all,
    multi: false,
    ...(all ? { allValue: '.*', current: { text: 'All', value: '$__all' } } : {}),
  };
}

function datasourceVariable() {
  return { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus', refresh: 1 };
}

/** Panels from left to right, a new line where the width ends. */
function createPlacer() {
  const next = { id: 1, x: 0, y: 0, height: 0 };
  return ({ width, height }) => {
    if (next.x + width > COLUMNS) {
      next.x = 0;
      next.y += next.height;
      next.height = 0;
    }
    const placed = { id: next.id, gridPos: { x: next.x, y: next.y, w: width, h: height } };
    next.id += 1;
    next.x += width;
    next.height = Math.max(next.height, height);
    return placed;
  };
}

function createPanel({ title, type, unit, queries = [], text, width = 8, height = 8, ...rest }, place) {
  const placed = place({ width, height });
  const described = rest.description === undefined ? {} : { description: rest.description };
  if (type === 'text') return { type, title, ...placed, options: { mode: 'markdown', content: text } };
  return {
    type,
    title,
    ...described,
    ...placed,
    datasource: DATASOURCE,
    targets: queries.map(([expr, legend], index) => createTarget(expr, legend, type, index)),
    fieldConfig: { defaults: fieldDefaults(type, unit, rest.thresholds), overrides: [] },
    options: panelOptions(type, rest.textMode),
    ...(type === 'table' ? { transformations: tableColumns(rest.columns) } : {}),
  };
}

function createTarget(expr, legend, type, index) {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index);
  const now = type === 'table' || type === 'bargauge' || type === 'stat';
  return {
    refId,
    datasource: DATASOURCE,
    expr,
    legendFormat: legend ?? '__auto',
    ...(now ? { instant: true, range: false } : { range: true }),
    ...(type === 'table' ? { format: 'table' } : {}),
  };
}

function fieldDefaults(type, unit, thresholds) {
  return {
    unit,
    ...(type === 'timeseries' ? { custom: { lineWidth: 1, fillOpacity: 10, showPoints: 'never' }, min: 0 } : {}),
    ...(type === 'bargauge' ? { min: 0 } : {}),
    ...(thresholds === undefined ? {} : { thresholds: { mode: 'absolute', steps: thresholds.map(toStep) } }),
  };
}

function toStep([value, color]) {
  return { value, color };
}

function panelOptions(type, textMode) {
  if (type === 'stat')
    return {
      ...(textMode === undefined ? {} : { textMode }),
      reduceOptions: { calcs: ['lastNotNull'] },
      colorMode: 'value',
      graphMode: 'none',
    };
  if (type === 'bargauge') return { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal' };
  if (type === 'table') return { showHeader: true };
  return { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull'] }, tooltip: { mode: 'multi' } };
}

/** One line per series, and its columns in people's words. */
function tableColumns(columns) {
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, renameByName: columns } },
  ];
}
