/** Every dashboard that shows money says where the money is counted. */
export const BILL_NOTE = {
  title: 'How to read the money',
  type: 'text',
  width: 24,
  height: 4,
  text: [
    '**The ledger is the bill.** Balances and "charged" are read from it and equal in every replica (joined by `max`).',
    'Spend over time is counted by each process (summed) and extrapolated by Prometheus: good to the eye, not to the cent.',
    'Statements and the journal have the exact figures.',
  ].join(' '),
};
