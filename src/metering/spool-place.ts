import type { Logger } from '../observability/create-logger.ts';
import type { LedgerWrite } from './ledger-write.ts';
import type { SettleSpool } from './settle-spool.ts';

/** Room in the spool for the end of one call. It ends with `deliver` or `giveBack`, whichever comes first. */
export interface SpoolPlace {
  /** Keeps what is to be sent if this process ends before the call does. Never throws. */
  mark(write: LedgerWrite): void;
  /** The same; resolves with whether it is on the disk. */
  markDurably(write: LedgerWrite): Promise<boolean>;
  /** Takes the write over. Never throws and never refuses: what was used must be charged. */
  deliver(write: LedgerWrite): void;
  giveBack(): void;
}

export interface SpoolPlaceParts {
  spool: Pick<SettleSpool, 'mark'>;
  logger: Pick<Logger, 'error'>;
}

/** What a place asks of the queue that it is in. */
export interface PlaceActions {
  take(write: LedgerWrite): void;
  leave(): void;
  syncSoon(): void;
  syncNow(): Promise<boolean>;
}

export function createSpoolPlace(parts: SpoolPlaceParts, actions: PlaceActions): SpoolPlace {
  return new Place(parts, actions);
}

class Place implements SpoolPlace {
  readonly #parts: SpoolPlaceParts;
  readonly #actions: PlaceActions;
  #taken = true;

  constructor(parts: SpoolPlaceParts, actions: PlaceActions) {
    this.#parts = parts;
    this.#actions = actions;
  }

  mark(write: LedgerWrite): void {
    if (this.#note(write)) this.#actions.syncSoon();
  }

  async markDurably(write: LedgerWrite): Promise<boolean> {
    return this.#note(write) && this.#actions.syncNow();
  }

  deliver(write: LedgerWrite): void {
    this.giveBack();
    this.#actions.take(write);
  }

  giveBack(): void {
    if (this.#taken) this.#actions.leave();
    this.#taken = false;
  }

  #note(write: LedgerWrite): boolean {
    if (!this.#taken) return false;
    const { spool, logger } = this.#parts;
    try {
      spool.mark(write);
      return true;
    } catch (error) {
      logger.error({ err: error, hold_id: write.command.holdId }, 'the settle spool cannot be written; a mark is lost');
      return false;
    }
  }
}
