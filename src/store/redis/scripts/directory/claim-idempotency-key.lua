#!lua
--[[
Records what an idempotency key is used for, or answers what it was used for.

KEYS  1 the idempotency key
ARGV  1 fingerprint of the request  2 life in ms

Replies  new | resume (claimed before, not completed) | replay, status, body | conflict (other request)
]]
local fingerprint = redis.call('HGET', KEYS[1], 'fingerprint')
if not fingerprint then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 'new' }
end
if fingerprint ~= ARGV[1] then
  return { 'conflict' }
end
local response = redis.call('HMGET', KEYS[1], 'status', 'body')
if not response[1] then
  return { 'resume' }
end
return { 'replay', response[1], response[2] }
