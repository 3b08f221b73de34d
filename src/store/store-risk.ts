import type { STORE_RISKS } from '../observability/store-metrics.ts';

/** A way in which a store may lose writes. */
export type StoreRisk = (typeof STORE_RISKS)[number];

export interface StoreWarning {
  risk: StoreRisk;
  /** For people. */
  sentence: string;
}
