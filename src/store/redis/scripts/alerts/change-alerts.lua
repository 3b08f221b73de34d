#!lua
--[[
Replaces the alert states of an account, provided they still are what the caller read, and puts a notice into the
outbox. Sent again it changes nothing: the new states carry a word made for this change.

KEYS  1 states  2 fired  3 due  4 notices
ARGV  1 account id  2 states as read or ''  3 states as they shall be or ''
      4 notice id or ''  5 payload  6 instant from which it is due, ms
      7 number n of fired levels as they shall be, then n pairs of instant and level
      then the levels that may be fired as read

Replies  changed | stale (read them again)
]]
local account_id, before, after = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HGET', KEYS[1], account_id) or ''
if now == after then
  return { 'changed' }
end
if now ~= before then
  return { 'stale' }
end

local pairs_end = 7 + 2 * tonumber(ARGV[7])
for index = pairs_end + 1, #ARGV do
  redis.call('ZREM', KEYS[2], account_id .. ' ' .. ARGV[index])
end
for index = 8, pairs_end, 2 do
  redis.call('ZADD', KEYS[2], ARGV[index], account_id .. ' ' .. ARGV[index + 1])
end
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[4], ARGV[4], ARGV[5])
  redis.call('ZADD', KEYS[3], ARGV[6], ARGV[4])
end
if after == '' then
  redis.call('HDEL', KEYS[1], account_id)
else
  redis.call('HSET', KEYS[1], account_id, after)
end
return { 'changed' }
