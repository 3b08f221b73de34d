const inFolder = (folder, names, ending) => names.map((name) => `${folder}/${name}${ending}`);
const domain = (...names) => inFolder('src/domain', names, '.ts');
const domainTests = (...names) => inFolder('test/domain', names, '.test.ts');
/**
 * What is mutated, and the tests that have to notice, those that notice most first. The folders are those of the
 * project; `runner` is what runs them, where vitest would be slow. A group is a list of parts, so that no mistake waits for tests that have nothing to do with it.
 */
export const MUTATION_PLAN = {
  credit: [
    {
      runner: 'rule-runner',
      sources: inFolder(
        'src/domain/credit',
        [
          ...[
            'account-books',
            'account-rules',
            'burn-order',
            'correct-rules',
            'draft',
            'fold-journal',
            'grant-rules',
            'hold-rules',
          ],
          ...['post', 'refund-rules', 'settle-rules', 'reload-rules', 'reload-state', 'fold-reload'],
        ],
        '.ts',
      ),
      tests: [
        'test/ledger/model-ledger.test.ts',
        'test/domain/credit/burn-order.test.ts',
        'test/domain/credit/account-books.test.ts',
        'test/domain/credit/fold-journal.test.ts',
      ],
    },
  ],
  price: [
    { runner: 'rule-runner', sources: domain('money'), tests: domainTests('money') },
    { runner: 'rule-runner', sources: domain('multiplier'), tests: domainTests('multiplier', 'apply-pricing') },
    {
      runner: 'rule-runner',
      sources: domain('price-call', 'pass-rates'),
      tests: domainTests('price-call', 'pass-rates', 'list-prices', 'assume-unknown-models', 'apply-pricing'),
    },
    { runner: 'rule-runner', sources: domain('hold-steps'), tests: domainTests('hold-steps') },
    { runner: 'rule-runner', sources: domain('grant-term'), tests: domainTests('grant-term') },
  ],
  quota: [
    { runner: 'rule-runner', sources: domain('quota', 'quota-rules', 'window-cache'), tests: domainTests('quota') },
  ],
  lua: [
    {
      folder: 'src/store/redis/scripts/ledger',
      // Shown by suites of its own, in test/restore/.
      except: 'restore',
      runner: 'script-runner',
      tests: [
        'test/ledger/redis-ledger.test.ts',
        'test/ledger/redis-turns.test.ts',
        'test/ledger/redis-refunds.test.ts',
        'test/ledger/redis-reloads.test.ts',
        'test/store/redis/redis-ledger-order.test.ts',
        'test/store/redis/redis-ledger-keys.test.ts',
        'test/store/redis/redis-ledger-corrupt.test.ts',
        'test/export/journal-exporter.test.ts',
      ],
    },
  ],
  call: [
    {
      runner: 'rule-runner',
      sources: domain('call-ceiling', 'ceiling-rates', 'prompt-bound'),
      tests: domainTests('call-ceiling', 'prompt-bound', 'assume-unknown-models'),
    },
    { runner: 'rule-runner', sources: domain('hold-size'), tests: domainTests('hold-size') },
    {
      runner: 'rule-runner',
      sources: domain('batch-bill', 'batch-ceiling', 'settle-batch-item'),
      tests: domainTests('batch-bill', 'batch-ceiling', 'settle-batch-item'),
    },
    {
      runner: 'rule-runner',
      sources: domain('estimate-usage'),
      tests: [...domainTests('settlement-limits'), 'test/metering/settlement.test.ts'],
    },
    {
      runner: 'rule-runner',
      sources: domain('settlement'),
      tests: [...domainTests('settlement-limits'), 'test/metering/settlement.test.ts'],
    },
    {
      runner: 'rule-runner',
      sources: domain('mend-usage'),
      tests: domainTests('mend-usage', 'settlement-limits'),
    },
  ],
  calendar: [{ runner: 'rule-runner', sources: domain('quota-window'), tests: domainTests('quota-window') }],
};
