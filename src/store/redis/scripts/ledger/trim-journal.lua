#!lua
--[[
Puts a snapshot in the place of an account's oldest entries. Never beyond what is exported.

KEYS  1 journal  2 exported  3 trimmed  4 snapshot
ARGV  1 account id  2 sequence of the last entry to go  3 snapshot (JSON) as of it  4 the entry after it, a stream id

Replies  trimmed | not_exported
]]
local account_id, through = ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('HGET', KEYS[2], account_id) or '0') < through then
  return { 'not_exported' }
end
if tonumber(redis.call('HGET', KEYS[3], account_id) or '0') < through then
  redis.call('SET', KEYS[4], ARGV[3])
  redis.call('HSET', KEYS[3], account_id, ARGV[2])
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[4])
end
return { 'trimmed' }
