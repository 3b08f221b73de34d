#!lua
--[[
Forgets an account's sums, unless its progress has moved since.

KEYS  1 reported  2... the pages
ARGV  1 account id  2 progress

Replies  forgotten | stale
]]
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0') ~= ARGV[2] then
  return { 'stale' }
end
for page = 2, #KEYS do
  redis.call('DEL', KEYS[page])
end
redis.call('HDEL', KEYS[1], ARGV[1])
return { 'forgotten' }
