export type { CallOutcome, InterruptReason } from '../domain/call-outcome.ts';
