#!lua
--[[
Notes what came of an administrative act. A record that has been trimmed stays so.

KEYS  1 audit  2 results
ARGV  1 sequence  2 result (JSON)

Replies  noted | gone
]]
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return { 'gone' }
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return { 'noted' }
