#!lua flags=no-writes
--[[
Finds the access token behind a secret, with the account and team of its scope.

KEYS  1 secrets of tokens  2 tokens  3 accounts  4 teams
ARGV  1 secret hash

Replies  none | found, token, account or '', team or '' (records as JSON)
]]
local id = redis.call('HGET', KEYS[1], ARGV[1])
local record = id and redis.call('HGET', KEYS[2], id)
if not record then
  return { 'none' }
end
local scope = cjson.decode(record).scope
local account = scope.accountId and redis.call('HGET', KEYS[3], scope.accountId)
local team = scope.teamId and redis.call('HGET', KEYS[4], scope.teamId)
return { 'found', record, account or '', team or '' }
