#!lua
--[[
Forgets a batch.

KEYS  1 batches  2 batches by upstream id  3 due  4 the account's batches
ARGV  1 id  2 upstream id or ''

Replies  removed
]]
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[2] ~= '' then
  redis.call('HDEL', KEYS[2], ARGV[2])
  redis.call('ZREM', KEYS[4], ARGV[2])
end
return { 'removed' }
