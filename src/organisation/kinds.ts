import type { Kind } from './kind.ts';
import { keyKind } from './kinds/key-kind.ts';
import { memberKind } from './kinds/member-kind.ts';
import { quotaKind } from './kinds/quota-kind.ts';
import { teamKind } from './kinds/team-kind.ts';

/** What an account has, each after those that it refers to: so they are made, and the other way round they go. */
export const SECTION_KINDS: readonly Kind[] = [teamKind, memberKind, keyKind, quotaKind];
