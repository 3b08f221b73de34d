#!lua
--[[
Replaces a record, provided it still is what the caller read.

KEYS  1 table  2 accounts  3 teams  4 members  5 secrets  6 uses
ARGV  1 id  2 record as read  3 record as it shall be  4 account id ('' for an account)
      5 team id as read or ''  6 member id as read or ''  7 team id as it shall be or ''  8 member id as it shall be or ''
      9 secret hash that shall find it no more or ''  10 secret hash that shall find it or ''
      11 channel of changes  12 account to announce

Replies  replaced | changed (read it again) | no_reference, what | taken (the hash finds another key)
]]
--- @include directory/lib-references
local id, account_id = ARGV[1], ARGV[4]
local names_before = { team = ARGV[5], member = ARGV[6] }
local names_after = { team = ARGV[7], member = ARGV[8] }
local hash_gone, hash_new = ARGV[9], ARGV[10]

if redis.call('HGET', KEYS[1], id) ~= ARGV[2] then
  return { 'changed' }
end
local missing = find_missing(account_id, names_after, { accounts = KEYS[2], teams = KEYS[3], members = KEYS[4] })
if missing then
  return { 'no_reference', missing }
end
if hash_new ~= '' then
  local holder = redis.call('HGET', KEYS[5], hash_new)
  if holder and holder ~= id then
    return { 'taken' }
  end
end

redis.call('HSET', KEYS[1], id, ARGV[3])
count_uses(KEYS[6], names_after, 1)
count_uses(KEYS[6], names_before, -1)
if hash_gone ~= '' then
  redis.call('HDEL', KEYS[5], hash_gone)
end
if hash_new ~= '' then
  redis.call('HSET', KEYS[5], hash_new, id)
end
redis.call('PUBLISH', ARGV[11], ARGV[12])
return { 'replaced' }
