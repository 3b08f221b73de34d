#!lua
--[[
Stores a new record of the directory, in order of creation.

KEYS  1 table  2 order of this account's records  3 accounts  4 teams  5 members  6 secrets  7 uses  8 made-of  9 ordinal
ARGV  1 id  2 what it is made of  3 record (JSON)  4 account id ('' for an account)  5 team id or ''  6 member id or ''
      7 secret hash or ''  8 channel of changes  9 account to announce

Replies  created | exists, record | conflict | no_reference, what
]]
--- @include directory/lib-references
local table_key, order, made_of = KEYS[1], KEYS[2], KEYS[8]
local id, content, record, account_id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local names = { team = ARGV[5], member = ARGV[6] }
local secret_hash = ARGV[7]

local stored = redis.call('HGET', table_key, id)
if stored then
  if redis.call('HGET', made_of, id) == content then
    return { 'exists', stored }
  end
  return { 'conflict' }
end
local missing = find_missing(account_id, names, { accounts = KEYS[3], teams = KEYS[4], members = KEYS[5] })
if missing then
  return { 'no_reference', missing }
end
if secret_hash ~= '' and redis.call('HEXISTS', KEYS[6], secret_hash) == 1 then
  return { 'conflict' }
end

redis.call('HSET', table_key, id, record)
redis.call('HSET', made_of, id, content)
redis.call('ZADD', order, redis.call('INCR', KEYS[9]), id)
count_uses(KEYS[7], names, 1)
if secret_hash ~= '' then
  redis.call('HSET', KEYS[6], secret_hash, id)
end
redis.call('PUBLISH', ARGV[8], ARGV[9])
return { 'created' }
