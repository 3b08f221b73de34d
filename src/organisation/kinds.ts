import type { Kind } from './kind.ts';
import { accountAlertKind, installationAlertKind } from './kinds/alert-kind.ts';
import { autoReloadKind } from './kinds/auto-reload-kind.ts';
import { accountChannelKind, installationChannelKind } from './kinds/channel-kind.ts';
import { keyKind } from './kinds/key-kind.ts';
import { memberKind } from './kinds/member-kind.ts';
import { quotaKind } from './kinds/quota-kind.ts';
import { teamKind } from './kinds/team-kind.ts';

/** What an account has, each after those that it refers to: so they are made, and the other way round they go. */
export const SECTION_KINDS: readonly Kind[] = [
  autoReloadKind,
  teamKind,
  memberKind,
  keyKind,
  quotaKind,
  accountChannelKind,
  accountAlertKind,
];

/** What the installation has of its own, in the same order. It comes before the accounts, which may refer to it. */
export const INSTALLATION_KINDS: readonly Kind[] = [installationChannelKind, installationAlertKind];
