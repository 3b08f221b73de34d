/** The bytes of request bodies that this process holds. */
export interface BodyMemory {
  /** Whether {@link BodyMemory.take} would take so many. */
  hasRoom(accountId: string, bytes: number): boolean;
  /** @returns false where there is no room, and takes nothing. */
  take(accountId: string, bytes: number): boolean;
  give(accountId: string, bytes: number): void;
  readonly heldBytes: number;
}

/** The last fifth is kept for accounts that hold less than their share: one account's bodies do not keep all others out. */
const FREE_FOR_ALL = 0.8;

/**
 * One bound for all accounts together. Bytes count as they come, not as they are announced: who announces and does not
 * send takes nobody's room.
 */
export function createBodyMemory(limitBytes: number): BodyMemory {
  const byAccount = new Map<string, number>();
  let heldBytes = 0;

  const hasRoom = (accountId: string, bytes: number): boolean => {
    const after = heldBytes + bytes;
    if (after <= limitBytes * FREE_FOR_ALL) return true;
    if (after > limitBytes) return false;
    const own = byAccount.get(accountId) ?? 0;
    const accounts = byAccount.size + (own === 0 ? 1 : 0);
    // Alone it may fill what is free for all, and no more: whoever comes next finds room.
    return own + bytes <= limitBytes / Math.max(2, accounts);
  };

  return {
    hasRoom,
    take(accountId, bytes) {
      if (!hasRoom(accountId, bytes)) return false;
      heldBytes += bytes;
      byAccount.set(accountId, (byAccount.get(accountId) ?? 0) + bytes);
      return true;
    },
    give(accountId, bytes) {
      heldBytes -= bytes;
      const left = (byAccount.get(accountId) ?? 0) - bytes;
      if (left > 0) byAccount.set(accountId, left);
      else byAccount.delete(accountId);
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}
