import { describe, expect, test } from 'vitest';
import { describeRedisAddress, parseRedisUrl, RedisUrlInvalid } from '../../src/config/parse-redis-url.ts';

describe('parseRedisUrl', () => {
  test.each([
    ['redis://localhost', { kind: 'server', host: 'localhost', port: 6379, db: 0, tls: false }],
    ['redis://127.0.0.1:6380/3', { kind: 'server', host: '127.0.0.1', port: 6380, db: 3, tls: false }],
    ['redis://h/', { kind: 'server', host: 'h', port: 6379, db: 0, tls: false }],
    ['rediss://h', { kind: 'server', host: 'h', port: 6379, db: 0, tls: true }],
    [
      'redis://us%40er:p%2Fa:ss@h',
      { kind: 'server', host: 'h', port: 6379, db: 0, tls: false, username: 'us@er', password: 'p/a:ss' },
    ],
    ['redis://:secret@h', { kind: 'server', host: 'h', port: 6379, db: 0, tls: false, password: 'secret' }],
    ['redis://[::1]:7000', { kind: 'server', host: '::1', port: 7000, db: 0, tls: false }],
    ['/run/redis.sock', { kind: 'socket', path: '/run/redis.sock', db: 0, tls: false }],
    ['unix:///run/redis.sock?db=2', { kind: 'socket', path: '/run/redis.sock', db: 2, tls: false }],
    [
      'redis+cluster://a:1,b:2,c',
      {
        kind: 'cluster',
        tls: false,
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 6379 },
        ],
      },
    ],
    [
      'rediss+cluster://u:p@a',
      { kind: 'cluster', tls: true, username: 'u', password: 'p', nodes: [{ host: 'a', port: 6379 }] },
    ],
    [
      'redis+sentinel://:p@a:1,b/main/4',
      {
        kind: 'sentinel',
        tls: false,
        password: 'p',
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 26379 },
        ],
        masterName: 'main',
        db: 4,
      },
    ],
    [
      'rediss+sentinel://u:p@a/m?sentinel-username=w&sentinel-password=%26%3D',
      {
        kind: 'sentinel',
        tls: true,
        username: 'u',
        password: 'p',
        sentinels: [{ host: 'a', port: 26379 }],
        masterName: 'm',
        db: 0,
        sentinelUsername: 'w',
        sentinelPassword: '&=',
      },
    ],
  ])('reads %s', (url, address) => expect(parseRedisUrl(url)).toEqual(address));

  test.each([
    '',
    'localhost:6379',
    'http://h',
    'redis://',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:port',
    'redis://h/x',
    'redis://h?tls=false',
    'redis://a,b',
    'redis://a b',
    'redis://u:p%@h',
    'redis+cluster://a/1',
    'redis+cluster://a,,b',
    'redis+sentinel://a',
    'redis+sentinel://a/',
    'redis+sentinel://a/m/1/2',
    'redis+other://a',
    'redis+cluster://a?sentinel-password=x',
    'redis+sentinel://a/m?password=x',
    'redis+sentinel://a/m?sentinel-password=',
    'redis+sentinel://a/m?sentinel-password=%',
  ])('refuses %j', (url) => expect(() => parseRedisUrl(url)).toThrow(RedisUrlInvalid));

  test('never repeats the password', () => {
    for (const url of [
      'redis://u:hunter2@h/x',
      'redis://u:hunter2%@h',
      'http://u:hunter2@h',
      'redis://u:hunter2@h:0',
      'redis+sentinel://a/m?sentinel-password=hunter2%',
      'redis+sentinel://a/m?password=hunter2',
    ]) {
      expect(() => parseRedisUrl(url)).toThrow(/^(?!.*hunter2)/);
    }
    expect(describeRedisAddress(parseRedisUrl('redis://u:hunter2@h'))).toBe('h:6379');
    expect(describeRedisAddress(parseRedisUrl('redis+cluster://u:hunter2@a,b'))).toBe('cluster a:6379,b:6379');
    expect(describeRedisAddress(parseRedisUrl('redis+sentinel://u:hunter2@a/m'))).toBe('m of sentinels a:26379');
    expect(describeRedisAddress(parseRedisUrl('/s'))).toBe('/s');
  });
});
