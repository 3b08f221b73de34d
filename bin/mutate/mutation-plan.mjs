/** What is mutated, and the tests that have to notice. The folders are those of the project. */
export const MUTATION_PLAN = {
  credit: {
    sources: [
      ...[
        'account-rules',
        'burn-order',
        'correct-rules',
        'draft',
        'fold-journal',
        'grant-rules',
        'hold-rules',
        'post',
        'refund-rules',
      ],
      'settle-rules',
    ].map((name) => `src/domain/credit/${name}.ts`),
    tests: ['test/ledger/model-ledger.test.ts'],
  },
  price: {
    sources: ['src/domain/money.ts', 'src/domain/price-call.ts', 'src/domain/multiplier.ts'],
    tests: ['money', 'multiplier', 'price-call', 'list-prices', 'assume-unknown-models', 'apply-pricing'].map(
      (name) => `test/domain/${name}.test.ts`,
    ),
  },
  lua: {
    folder: 'src/store/redis/scripts/ledger',
    tests: [
      'test/ledger/redis-ledger.test.ts',
      'test/ledger/redis-refunds.test.ts',
      'test/store/redis/redis-ledger-keys.test.ts',
      'test/store/redis/redis-ledger-order.test.ts',
    ],
  },
};
