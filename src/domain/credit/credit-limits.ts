/** Bounds of the ledger, the same in every store. */

/** Grants of one account that still have credit or are yet to come. */
export const MAX_LIVE_GRANTS = 1_000;
/** Quota cells one hold may name. */
export const MAX_CELLS = 32;
/** How far a hold id's own time may be off the store's. */
export const HOLD_ID_TOLERANCE_MS = 30_000;
/** How long an ended hold is remembered; a settle older than this is refused as too old. */
export const TOMBSTONE_LIFE_MS = 72 * 3_600_000;
/** A hold cannot be kept alive for longer than this by heartbeats. */
export const MAX_HOLD_LIFE_MS = 24 * 3_600_000;
/** The hold of a batch lasts longer, since nobody has to keep it alive: 24 hours, the results' 29 days, and two for outages. */
export const MAX_BATCH_LIFE_MS = 32 * 24 * 3_600_000;
