import type { Principal } from '../directory/directory.ts';
import type { QuotaScopeType } from '../domain/quota.ts';

/** "Account "Acme"", or in general terms where the caller is not known. */
export function describeAccount(principal: Principal | undefined): string {
  return principal === undefined ? 'The account' : `Account ${showName(principal.account.name)}`;
}

/** The key and, where it has one, its team. */
export function describeKey(principal: Principal | undefined): string {
  if (principal === undefined) return 'The API key';
  const team = principal.team === undefined ? '' : ` of team ${showName(principal.team.name)}`;
  return `API key ${showName(principal.key.name)}${team}`;
}

/** Whose limit it is, by name. */
export function describeScope(type: QuotaScopeType, principal: Principal | undefined): string {
  switch (type) {
    case 'account':
      return describeAccount(principal);
    case 'team':
      return principal?.team === undefined ? 'The team' : `Team ${showName(principal.team.name)}`;
    case 'member':
      return principal?.member === undefined ? 'The member' : `Member ${showName(principal.member.name)}`;
    case 'key':
      return describeKey(principal);
  }
}

/** Names reach a terminal: quoted, without control characters, at most 100 characters. */
export function showName(name: string): string {
  const characters = [...name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?')];
  return `"${characters.length > 100 ? `${characters.slice(0, 99).join('')}…` : characters.join('')}"`;
}
