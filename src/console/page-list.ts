import type { ComponentType } from 'preact';
import type { Session } from './data/api-types.ts';

/** One page of the console: what it needs to be allowed, and where its script is. */
export interface PageEntry {
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
  /** Seen only by who may do one of these. */
  permissions: readonly string[];
  /** Shows no account. */
  isGeneral?: boolean;
}

const MONEY = ['money.read'];
const USAGE = ['usage.read'];

const PAGES: readonly PageEntry[] = [
  { path: '/', title: 'Overview', permissions: USAGE, load: () => import('./pages/overview.ts') },
  { path: '/credits', title: 'Credits', permissions: MONEY, load: () => import('./pages/credits.ts') },
  { path: '/teams', title: 'Teams and keys', permissions: USAGE, load: () => import('./pages/teams.ts') },
  { path: '/usage', title: 'Usage', permissions: USAGE, load: () => import('./pages/usage.ts') },
  { path: '/journal', title: 'Journal', permissions: MONEY, load: () => import('./pages/journal.ts') },
  { path: '/live', title: 'Live', permissions: USAGE, load: () => import('./pages/live.ts') },
  { path: '/alerts', title: 'Alerts', permissions: MONEY, load: () => import('./pages/alerts.ts') },
  {
    path: '/health',
    title: 'Health',
    permissions: ['system.read'],
    isGeneral: true,
    load: () => import('./pages/health.ts'),
  },
];

const ME: PageEntry = {
  path: '/me',
  title: 'My usage',
  permissions: [],
  isGeneral: true,
  load: () => import('./pages/me.ts'),
};

/** The pages that somebody may see, in their order. */
export function findPages(session: Session): readonly PageEntry[] {
  if (session.type === 'key') return [ME];
  return PAGES.filter(({ permissions }) => permissions.some((each) => session.permissions.includes(each)));
}
