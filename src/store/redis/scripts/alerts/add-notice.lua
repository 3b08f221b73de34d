#!lua
--[[
Puts a notice into the outbox, once while it is there.

KEYS  1 due  2 notices
ARGV  1 notice id  2 payload  3 instant from which it is due, ms

Replies  added | exists
]]
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then
  return { 'exists' }
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return { 'added' }
