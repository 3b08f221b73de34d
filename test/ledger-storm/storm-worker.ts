// A process of a storm: takes jobs from its parent and answers what the ledger said. Ends when the parent goes.
import { connectRedis } from '../../src/store/redis/connect-redis.ts';
import { createRedisLedger } from '../../src/store/redis/redis-ledger.ts';
import { runStormJob, type StormJob } from './storm-job.ts';

const client = await connectRedis({
  url: process.argv[2] ?? '',
  commandTimeoutMs: 20_000,
  startTimeoutMs: 20_000,
  onFault: () => {},
});
const ledger = createRedisLedger({ client });
process.on('message', (job: StormJob) => {
  runStormJob(ledger, job).then(
    (answers) => process.send?.({ answers }),
    (error: unknown) => process.send?.({ fault: error instanceof Error ? `${error.stack}` : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
