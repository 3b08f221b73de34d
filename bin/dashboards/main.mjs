// Writes the dashboards of deploy/grafana: node bin/dashboards/main.mjs
import { writeFileSync } from 'node:fs';
import { inProject } from '../run/project.mjs';
import { dashboards, formatDashboard } from './dashboards.mjs';

for (const dashboard of dashboards) {
  writeFileSync(inProject(`deploy/grafana/dashboards/${dashboard.uid}.json`), formatDashboard(dashboard));
}
