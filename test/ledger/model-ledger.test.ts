import { describeCorrections } from './correct-conformance.ts';
import { describeLedgerBoundaries } from './ledger-boundaries.ts';
import { describeLedger, type TestClock } from './ledger-conformance.ts';
import { createModelLedger } from './model-ledger.ts';
import { describeRefunds } from './refund-conformance.ts';

const open = async (clock: TestClock) => ({ ledger: createModelLedger(() => clock.nowMs), close: async () => {} });

describeLedger('the pure rules', open);
describeLedgerBoundaries('the pure rules', open);
describeRefunds('the pure rules', open);
describeCorrections('the pure rules', open);
