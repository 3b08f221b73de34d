import { describeCorrections } from './correct-conformance.ts';
import { describeGrantLimit } from './grant-limit.ts';
import { describeLedgerBoundaries } from './ledger-boundaries.ts';
import { describeLedger, type TestClock } from './ledger-conformance.ts';
import { describeLedgerRules } from './ledger-rules.ts';
import { createModelLedger } from './model-ledger.ts';
import { describeRefunds } from './refund-conformance.ts';
import { describeReloads } from './reload-conformance.ts';

const open = async (clock: TestClock) => ({ ledger: createModelLedger(() => clock.nowMs), close: async () => {} });

describeLedger('the pure rules', open);
describeLedgerBoundaries('the pure rules', open);
describeLedgerRules('the pure rules', open);
describeGrantLimit('the pure rules', open);
describeRefunds('the pure rules', open);
describeCorrections('the pure rules', open);
describeReloads('the pure rules', open);
