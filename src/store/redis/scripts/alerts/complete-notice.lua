#!lua
--[[
Forgets a notice that arrived.

KEYS  1 due  2 notices  3 attempts
ARGV  1 notice id

Replies  completed
]]
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return { 'completed' }
