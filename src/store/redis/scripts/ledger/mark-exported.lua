#!lua
--[[
Notes that the entries of an account up to a sequence are safe at the sink.

KEYS  1 account  2 exported  3 unexported  4 trim-due
ARGV  1 account id  2 sequence  3 instant of the oldest entry exported with it

Replies  noted
]]
--- @include ledger/lib-clock
local account_id, sequence = ARGV[1], tonumber(ARGV[2])
if sequence > tonumber(redis.call('HGET', KEYS[2], account_id) or '0') then
  redis.call('HSET', KEYS[2], account_id, ARGV[2])
end
redis.call('ZADD', KEYS[4], 'NX', ARGV[3], account_id)
if tonumber(redis.call('HGET', KEYS[1], 'sequence') or '0') <= sequence then
  redis.call('ZREM', KEYS[3], account_id)
else
  -- Behind the others, so that one busy account does not keep them waiting.
  redis.call('ZADD', KEYS[3], 'XX', string.format('%.0f', read_server_clock()), account_id)
end
return { 'noted' }
