/** The server that the tests start. `REDIS_SERVER_BINARY` names another one, such as a path to valkey-server. */
export const REDIS_BINARY = process.env.REDIS_SERVER_BINARY ?? 'redis-server';
