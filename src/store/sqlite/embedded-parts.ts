import { ALERTS_SCHEMA } from './alerts-schema.ts';
import { AUDIT_SCHEMA } from './audit-schema.ts';
import { DIRECTORY_SCHEMA } from './directory-schema.ts';
import { LEDGER_SCHEMA } from './ledger-schema.ts';
import type { SchemaPart } from './migrate-schema.ts';
import { REPORTS_SCHEMA } from './reports-schema.ts';
import { STORED_SCHEMA } from './stored-schema.ts';

/** The embedded store's file, in the data folder. */
export const DATA_FILE = 'tollgate.sqlite';

/** Everything that lives in it. */
export const EMBEDDED_PARTS: readonly SchemaPart[] = [
  LEDGER_SCHEMA,
  DIRECTORY_SCHEMA,
  AUDIT_SCHEMA,
  ALERTS_SCHEMA,
  STORED_SCHEMA,
  REPORTS_SCHEMA,
];
