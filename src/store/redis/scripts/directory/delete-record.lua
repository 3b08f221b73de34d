#!lua
--[[
Deletes a team or member that no record names, and the quotas on it, provided it still is what the caller read.

KEYS  1 table  2 order of this account's records  3 made-of  4 uses
      5 quotas  6 order of this account's quotas  7 quotas by what they are on
ARGV  1 id  2 record as read  3 team id it names or ''  4 channel of changes  5 account to announce

Replies  deleted | changed (read it again) | in_use
]]
--- @include directory/lib-references
local id = ARGV[1]

if redis.call('HGET', KEYS[1], id) ~= ARGV[2] then
  return { 'changed' }
end
if redis.call('HEXISTS', KEYS[4], id) == 1 then
  return { 'in_use' }
end

redis.call('HDEL', KEYS[1], id)
redis.call('ZREM', KEYS[2], id)
redis.call('HDEL', KEYS[3], id)
count_uses(KEYS[4], { team = ARGV[3], member = '' }, -1)
for quota_id in string.gmatch(redis.call('HGET', KEYS[7], id) or '', '%S+') do
  redis.call('HDEL', KEYS[5], quota_id)
  redis.call('ZREM', KEYS[6], quota_id)
  redis.call('HDEL', KEYS[3], quota_id)
end
redis.call('HDEL', KEYS[7], id)
redis.call('PUBLISH', ARGV[4], ARGV[5])
return { 'deleted' }
