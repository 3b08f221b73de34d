#!lua
--[[
Makes a process the one that exports the journal, for a time, or prolongs that.

KEYS  1 lease
ARGV  1 owner  2 length in ms

Replies  yours | taken
]]
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return { 'taken' }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 'yours' }
