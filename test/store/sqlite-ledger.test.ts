import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { describeCorrections } from '../ledger/correct-conformance.ts';
import { describeGrantLimit } from '../ledger/grant-limit.ts';
import { describeLedgerBoundaries } from '../ledger/ledger-boundaries.ts';
import { describeLedger, type LedgerUnderTest, type TestClock } from '../ledger/ledger-conformance.ts';
import { describeJoinedHistories, describeLedgerProperty } from '../ledger/ledger-property.ts';
import { describeLedgerRules } from '../ledger/ledger-rules.ts';
import { describeLedgerTurns } from '../ledger/ledger-turns.ts';
import { describeRefunds } from '../ledger/refund-conformance.ts';
import { describeReloads } from '../ledger/reload-conformance.ts';

async function open(clock: TestClock): Promise<LedgerUnderTest> {
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
  const ledger = createSqliteLedger({ database, clock: () => clock.nowMs });
  return {
    ledger,
    close: async () => {
      await ledger.close();
      database.close();
    },
  };
}

describeLedger('SQLite', open);
describeLedgerBoundaries('SQLite', open);
describeLedgerRules('SQLite', open);
describeGrantLimit('SQLite', open);
describeRefunds('SQLite', open);
describeCorrections('SQLite', open);
describeReloads('SQLite', open);
describeLedgerProperty('SQLite', open);
describeJoinedHistories('SQLite', open);
describeLedgerTurns('SQLite', open);
