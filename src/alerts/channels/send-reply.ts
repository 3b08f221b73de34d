/** `rejected`: sending it again is no use (410 Gone, a mailbox that is not there). */
export type SendReply =
  | { result: 'delivered'; status?: number }
  | { result: 'failed' | 'rejected'; status?: number; problem: string };
