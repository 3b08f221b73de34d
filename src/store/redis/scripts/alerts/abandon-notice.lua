#!lua
--[[
Gives a notice up, provided this attempt is its last. Only the newest of those given up are kept.

KEYS  1 due  2 notices  3 attempts  4 abandoned
ARGV  1 notice id  2 attempt  3 how many are kept

Replies  abandoned | other (claimed again since, or gone)
]]
if redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then
  return { 'other' }
end
local payload = redis.call('HGET', KEYS[2], ARGV[1])
redis.call('LPUSH', KEYS[4], ARGV[1] .. ' ' .. payload)
redis.call('LTRIM', KEYS[4], 0, tonumber(ARGV[3]) - 1)
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return { 'abandoned' }
