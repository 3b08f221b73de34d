#!lua
--[[
Makes a notice due at another instant, provided this attempt is its last.

KEYS  1 due  2 attempts
ARGV  1 notice id  2 attempt  3 instant, ms

Replies  postponed | other (claimed again since, or gone)
]]
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
  return { 'other' }
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return { 'postponed' }
