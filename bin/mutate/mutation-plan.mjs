const inFolder = (folder, names, ending) => names.map((name) => `${folder}/${name}${ending}`);
const domain = (...names) => inFolder('src/domain', names, '.ts');
const domainTests = (...names) => inFolder('test/domain', names, '.test.ts');
const exportScripts = inFolder(
  'src/store/redis/scripts/ledger',
  ['claim-export', 'mark-exported', 'trim-journal'],
  '.lua',
);

/**
 * What is mutated, and the tests that have to notice, those that notice most first. The folders are those of the
 * project; `runner` is what runs them, where vitest would be slow. A group is a list of parts, so that no mistake waits for tests that have nothing to do with it.
 */
export const MUTATION_PLAN = {
  credit: [
    {
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
          ...['post', 'refund-rules', 'settle-rules'],
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
    { sources: domain('money'), tests: domainTests('money') },
    { sources: domain('multiplier'), tests: domainTests('multiplier', 'apply-pricing') },
    {
      sources: domain('price-call', 'pass-rates'),
      tests: domainTests('price-call', 'list-prices', 'assume-unknown-models', 'apply-pricing'),
    },
    {
      sources: domain('call-ceiling', 'ceiling-rates', 'prompt-bound'),
      tests: domainTests('call-ceiling', 'assume-unknown-models'),
    },
    { sources: domain('hold-size'), tests: domainTests('hold-size') },
    { sources: domain('hold-steps'), tests: domainTests('hold-steps') },
    { sources: domain('grant-term'), tests: domainTests('grant-term') },
    { sources: domain('settlement'), tests: ['test/metering/settlement.test.ts'] },
  ],
  quota: [
    { sources: domain('quota', 'quota-rules', 'window-cache'), tests: domainTests('quota') },
    { sources: domain('quota-window'), tests: domainTests('quota-window') },
  ],
  lua: [
    {
      folder: 'src/store/redis/scripts/ledger',
      except: exportScripts,
      runner: 'script-runner',
      tests: [
        'test/ledger/redis-ledger.test.ts',
        'test/ledger/redis-refunds.test.ts',
        'test/store/redis/redis-ledger-order.test.ts',
        'test/store/redis/redis-ledger-keys.test.ts',
        'test/store/redis/redis-ledger-corrupt.test.ts',
      ],
    },
    { sources: exportScripts, runner: 'script-runner', tests: ['test/export/journal-exporter.test.ts'] },
  ],
};
