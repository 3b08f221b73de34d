import { health } from './health.mjs';
import { overview } from './overview.mjs';
import { team } from './team.mjs';

export const dashboards = [overview, team, health];

/** As it lies in deploy/grafana; a test compares. */
export function formatDashboard(dashboard) {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
