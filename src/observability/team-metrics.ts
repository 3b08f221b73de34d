import type { FinishedCall } from './finished-call.ts';
import type { MetricRegistry } from './metric-registry.ts';
import { createMoneyCounter } from './money-counter.ts';
import { printableName } from './printable-name.ts';

/** Teams with series of their own, over the life of a process. */
export const TEAMS_AT_MOST = 300;
/** What the calls of the teams beyond those are counted under. */
const OTHER_TEAM = 'other';

export interface TeamMetrics {
  observe(call: Pick<FinishedCall, 'team' | 'receipt'>): void;
}

/**
 * What teams are charged, for a view of their own. A team keeps its series as long as the process lives: taking one
 * away and giving it back would show its whole past as new.
 * @param onFold called each time a call was counted under `other` for want of room.
 */
export function createTeamMetrics(metrics: MetricRegistry, onFold: () => void): TeamMetrics {
  const labels = { team: { atMost: TEAMS_AT_MOST + 1 } };
  const cost = createMoneyCounter(metrics, {
    name: 'tollgate_team_cost_usd_total',
    help: 'Cost charged to the calls of a team. The ledger is the bill.',
    labels,
    aggregation: 'sum',
  });
  const calls = metrics.tallied({
    name: 'tollgate_team_calls_total',
    help: 'Calls of a team that were admitted and have ended.',
    labels,
    aggregation: 'sum',
  });
  const info = metrics.gauge({
    name: 'tollgate_team_info',
    help: 'The name and the account of a team that has called. Always 1; join on team.',
    labels: { ...labels, account: { atMost: 1 }, name: { atMost: 1 } },
    aggregation: 'max',
  });
  const names = new Map<string, string>();
  const findLabel = ({ id, accountId, name }: NonNullable<FinishedCall['team']>): string => {
    const known = names.get(id);
    if (known === undefined && names.size >= TEAMS_AT_MOST) {
      onFold();
      return OTHER_TEAM;
    }
    if (known !== name) {
      if (known !== undefined) info.remove({ team: id, account: accountId, name: printableName(known) });
      names.set(id, name);
      info.set({ team: id, account: accountId, name: printableName(name) }, 1);
    }
    return id;
  };
  return {
    observe({ team, receipt }) {
      if (team === undefined) return;
      const label = findLabel(team);
      calls.at(label).add(1);
      cost.at(label).addNanoUsd(receipt?.amountNanoUsd ?? 0n);
    },
  };
}
