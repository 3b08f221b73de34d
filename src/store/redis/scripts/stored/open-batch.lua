#!lua
--[[
Notes the upstream's id of a batch, and whose it is.

KEYS  1 batches  2 batches by upstream id  3 due  4 the account's batches  5 ordinal
ARGV  1 id  2 upstream id  3 record (JSON)  4 due at, ms  5 '1' where the account may see it, or ''

Replies  opened | taken (the upstream's batch is another record's) | gone (the record is not there)
]]
local holder = redis.call('HGET', KEYS[2], ARGV[2])
if holder and holder ~= ARGV[1] then
  return { 'taken' }
end
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then
  return { 'gone' }
end
local before = cjson.decode(stored).upstreamId
if before and before ~= ARGV[2] then
  redis.call('HDEL', KEYS[2], before)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
if ARGV[5] == '1' and not redis.call('ZSCORE', KEYS[4], ARGV[2]) then
  redis.call('ZADD', KEYS[4], redis.call('INCR', KEYS[5]), ARGV[2])
end
return { 'opened' }
