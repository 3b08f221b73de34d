#!lua flags=no-writes
--[[
Finds the caller behind a secret, with all that the key belongs to.

KEYS  1 secrets  2 keys  3 accounts  4 teams  5 members  6 quotas  7 quotas by what they are on
ARGV  1 secret hash

Replies  none | found, key, account, team or '', member or '', quotas... (records as JSON)
]]
local key_id = redis.call('HGET', KEYS[1], ARGV[1])
local key_record = key_id and redis.call('HGET', KEYS[2], key_id)
if not key_record then
  return { 'none' }
end
local key = cjson.decode(key_record)
local account = redis.call('HGET', KEYS[3], key.accountId)
if not account then
  return { 'none' }
end
local member = key.memberId and redis.call('HGET', KEYS[5], key.memberId)
-- A key without a team of its own calls for its member's.
local team_id = key.teamId or (member and cjson.decode(member).teamId)
local team = team_id and redis.call('HGET', KEYS[4], team_id)

local ids = {}
for _, scope_id in ipairs({ key.accountId, team_id or '', key.memberId or '', key.id }) do
  for id in string.gmatch(redis.call('HGET', KEYS[7], scope_id) or '', '%S+') do
    ids[#ids + 1] = id
  end
end
local reply = { 'found', key_record, account, team or '', member or '' }
-- At most 32, the most cells that a hold may name.
for _, quota in ipairs(#ids > 0 and redis.call('HMGET', KEYS[6], unpack(ids)) or {}) do
  reply[#reply + 1] = quota
end
return reply
