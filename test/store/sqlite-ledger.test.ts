import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { describeLedger } from '../ledger/ledger-conformance.ts';

describeLedger('SQLite', async (clock) => {
  const database = openDatabase({ path: ':memory:', parts: [LEDGER_SCHEMA] });
  const ledger = createSqliteLedger({ database, clock: () => clock.nowMs });
  return {
    ledger,
    close: async () => {
      await ledger.close();
      database.close();
    },
  };
});
