#!lua flags=no-writes
--[[
Finds the caller behind a secret, with all that the key belongs to.

KEYS  1 secrets  2 keys  3 accounts  4 teams  5 members
ARGV  1 secret hash

Replies  none | found, key, account, team or '', member or '' (records as JSON)
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
local team = key.teamId and redis.call('HGET', KEYS[4], key.teamId)
local member = key.memberId and redis.call('HGET', KEYS[5], key.memberId)
return { 'found', key_record, account, team or '', member or '' }
