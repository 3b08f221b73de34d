#!lua
--[[
Writes the record of a batch or the instant it is due at.

KEYS  1 batches  2 due
ARGV  1 id  2 `new` (written unless there), `settled` (written where there, no longer due) or `due` (the instant only)
      3 record (JSON) or ''  4 due at, ms, or ''

Replies  put | left
]]
local is_there = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
if is_there == (ARGV[2] == 'new') then
  return { 'left' }
end
if ARGV[2] == 'due' then
  redis.call('ZADD', KEYS[2], 'XX', ARGV[4], ARGV[1])
  return { 'put' }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[2] == 'new' then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return { 'put' }
