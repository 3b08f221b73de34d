import { afterAll, beforeAll, describe } from 'vitest';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { type RunningTollgate, type RunningTollgateOptions, startTollgate } from './running-tollgate.ts';

/** A real Redis for the tests of one store; undefined for the embedded one. */
export interface StoreUnderTest {
  readonly redis: RedisServer | undefined;
  /** The option that makes a Tollgate use it. */
  options(): Pick<RunningTollgateOptions, 'redisUrl'>;
}

/** Runs a suite on the embedded store and on a real Redis. */
export function describeOnEachStore(name: string, suite: (store: StoreUnderTest) => void): void {
  describe.each(['the embedded store', 'Redis'])(`${name}, on %s`, (kind) => {
    let redis: RedisServer | undefined;
    beforeAll(async () => {
      if (kind === 'Redis') redis = await startRedisServer();
    });
    // Before those of the suite, since the last one registered runs first.
    afterAll(() => redis?.stop());
    suite({
      get redis() {
        return redis;
      },
      options: () => (redis === undefined ? {} : { redisUrl: redis.url }),
    });
  });
}

/** The same, with one running Tollgate for all the suite's tests. */
export function describeOnEachTollgate(
  name: string,
  suite: (tollgate: () => RunningTollgate, store: StoreUnderTest) => void,
  options: RunningTollgateOptions = {},
): void {
  describeOnEachStore(name, (store) => {
    let tollgate: RunningTollgate | undefined;
    beforeAll(async () => {
      tollgate = await startTollgate({ ...options, ...store.options() });
    });
    afterAll(() => tollgate?.[Symbol.asyncDispose]());
    suite(() => tollgate as RunningTollgate, store);
  });
}
