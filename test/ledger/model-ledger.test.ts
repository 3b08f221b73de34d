import { describeLedger } from './ledger-conformance.ts';
import { createModelLedger } from './model-ledger.ts';

describeLedger('the pure rules', async (clock) => ({
  ledger: createModelLedger(() => clock.nowMs),
  close: async () => {},
}));
