#!lua
--[[
Deletes a quota.

KEYS  1 quotas  2 order of this account's quotas  3 made-of  4 quotas by what they are on
ARGV  1 id  2 id of what it is on  3 channel of changes  4 account id

Replies  deleted | not_found
]]
local id, scope_id = ARGV[1], ARGV[2]
if redis.call('HDEL', KEYS[1], id) == 0 then
  return { 'not_found' }
end
redis.call('ZREM', KEYS[2], id)
redis.call('HDEL', KEYS[3], id)
local others = {}
for other in string.gmatch(redis.call('HGET', KEYS[4], scope_id) or '', '%S+') do
  if other ~= id then
    others[#others + 1] = other
  end
end
if #others == 0 then
  redis.call('HDEL', KEYS[4], scope_id)
else
  redis.call('HSET', KEYS[4], scope_id, table.concat(others, ' '))
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return { 'deleted' }
