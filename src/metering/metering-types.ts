export type { CallOutcome, InterruptReason, ReportedUsage } from '../domain/call-outcome.ts';
