#!lua
--[[
Keeps the answer given under an idempotency key, if that was claimed and is not past its life.

KEYS  1 the idempotency key
ARGV  1 status  2 body

Replies  kept | unclaimed
]]
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'unclaimed' }
end
redis.call('HSET', KEYS[1], 'status', ARGV[1], 'body', ARGV[2])
return { 'kept' }
