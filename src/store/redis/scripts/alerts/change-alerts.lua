#!lua
--[[
Replaces the states of an alert, provided they still are what the caller read, and puts notices into the outbox. Sent
again it changes nothing: the new states carry a word made for this change.

KEYS  1 states  2 fired  3 due  4 notices
ARGV  1 key of the alert  2 states as read or ''  3 states as they shall be or ''
      4 instant from which the notices are due, ms  5 number n of notices, then n pairs of entry id and payload
      then the number m of fired levels as they shall be, then m pairs of instant and level
      then the levels that may be fired as read

Replies  changed | stale (read them again)
]]
local key, before, after = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HGET', KEYS[1], key) or ''
if now == after then
  return { 'changed' }
end
if now ~= before then
  return { 'stale' }
end

local fired_at = 6 + 2 * tonumber(ARGV[5])
local read_at = fired_at + 1 + 2 * tonumber(ARGV[fired_at])
for index = read_at, #ARGV do
  redis.call('ZREM', KEYS[2], key .. ' ' .. ARGV[index])
end
for index = fired_at + 1, read_at - 1, 2 do
  redis.call('ZADD', KEYS[2], ARGV[index], key .. ' ' .. ARGV[index + 1])
end
for index = 6, fired_at - 1, 2 do
  if redis.call('HSETNX', KEYS[4], ARGV[index], ARGV[index + 1]) == 1 then
    redis.call('ZADD', KEYS[3], ARGV[4], ARGV[index])
  end
end
if after == '' then
  redis.call('HDEL', KEYS[1], key)
else
  redis.call('HSET', KEYS[1], key, after)
end
return { 'changed' }
