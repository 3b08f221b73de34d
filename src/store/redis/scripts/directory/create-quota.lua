#!lua
--[[
Stores a new quota, provided the account's quotas still are those that the caller judged it by.

KEYS  1 quotas  2 order of this account's quotas  3 accounts  4 table of what it is on  5 quotas by what they are on
      6 made-of  7 ordinal
ARGV  1 id  2 what it is made of  3 record (JSON)  4 account id  5 id of what it is on  6 what that is
      7 ids of the account's quotas as read  8 channel of changes

Replies  created | exists, record | conflict | no_reference, what | changed (read them again)
]]
local id, content, account_id, scope_id = ARGV[1], ARGV[2], ARGV[4], ARGV[5]

local stored = redis.call('HGET', KEYS[1], id)
if stored then
  if redis.call('HGET', KEYS[6], id) == content then
    return { 'exists', stored }
  end
  return { 'conflict' }
end
if redis.call('HEXISTS', KEYS[3], account_id) == 0 then
  return { 'no_reference', 'account' }
end
local owner = redis.call('HGET', KEYS[4], scope_id)
-- An account is its own; anything else says whose it is.
local is_account = KEYS[4] == KEYS[3] and scope_id == account_id
if not owner or not (is_account or cjson.decode(owner).accountId == account_id) then
  return { 'no_reference', ARGV[6] }
end
if table.concat(redis.call('ZRANGE', KEYS[2], 0, -1), ' ') ~= ARGV[7] then
  return { 'changed' }
end

redis.call('HSET', KEYS[1], id, ARGV[3])
redis.call('HSET', KEYS[6], id, content)
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[7]), id)
local present = redis.call('HGET', KEYS[5], scope_id)
redis.call('HSET', KEYS[5], scope_id, present and present .. ' ' .. id or id)
redis.call('PUBLISH', ARGV[8], account_id)
return { 'created' }
