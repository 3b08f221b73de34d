#!lua
--[[
Notes whose a file is.

KEYS  1 the account's files  2 ordinal
ARGV  1 file id

Replies  added
]]
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), ARGV[1])
end
return { 'added' }
