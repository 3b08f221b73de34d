import { formatDashboard, dashboards as generated } from '../../bin/dashboards/dashboards.mjs';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
  templating: { list: { name: string; definition?: string }[] };
}

export const dashboards = generated as unknown as readonly Dashboard[];
export const format = formatDashboard as (dashboard: Dashboard) => string;

/** A query of a panel, with the name it goes by in failures. */
export interface PanelQuery {
  name: string;
  expr: string;
}

/** Every query of every panel, `$` variables as they stand. */
export function listQueries(): PanelQuery[] {
  return dashboards.flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({ name: `${uid}: ${title} (${refId})`, expr })),
    ),
  );
}

/** The query as Grafana would send it. */
export function fillIn({ expr }: PanelQuery, values: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole);
}
