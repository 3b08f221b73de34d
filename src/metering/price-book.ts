import type { Account } from '../directory/directory.ts';
import { applyPricing } from '../domain/apply-pricing.ts';
import type { RateCard } from '../domain/rate-card.ts';

/** The prices in force now. A call keeps the card it was admitted with, whatever is loaded while it runs. */
export interface PriceBook {
  /** The card that is loaded. */
  card(): RateCard;
  /** The card as this account pays it. */
  cardOf(account: Pick<Account, 'priceMultiplier' | 'priceOverrides'>): RateCard;
  /** Puts another card in force, for calls admitted from now on. */
  replace(card: RateCard): void;
}

/** Cards kept of accounts with terms of their own. Accounts with equal terms share one; the least used one goes. */
const CARDS_AT_MOST = 1_000;

/** Derives an account's card when its first call comes, and keeps it while the loaded card and the terms stay. */
export function createPriceBook(loaded: RateCard, cardsAtMost: number = CARDS_AT_MOST): PriceBook {
  let card = loaded;
  const derived = new Map<string, RateCard>();
  // The directory's records do not change; a changed account is another object.
  const names = new WeakMap<object, string>();

  const nameTerms = (account: Parameters<PriceBook['cardOf']>[0]): string => {
    const known = names.get(account);
    if (known !== undefined) return known;
    const name = JSON.stringify([account.priceMultiplier, account.priceOverrides]);
    names.set(account, name);
    return name;
  };
  return {
    card: () => card,
    cardOf(account) {
      const { priceMultiplier: multiplier, priceOverrides: overrides } = account;
      if (multiplier === undefined && overrides === undefined) return card;
      const name = nameTerms(account);
      const found = derived.get(name);
      derived.delete(name);
      const own =
        found ??
        applyPricing(card, {
          ...(multiplier === undefined ? {} : { multiplier }),
          ...(overrides === undefined ? {} : { overrides }),
        });
      derived.set(name, own);
      const [oldest] = derived.keys();
      if (derived.size > cardsAtMost && oldest !== undefined) derived.delete(oldest);
      return own;
    },
    replace(next) {
      card = next;
      derived.clear();
    },
  };
}
