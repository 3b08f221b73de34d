#!lua flags=no-writes
--[[
One page of a list, in order of creation.

KEYS  1 order  2 table
ARGV  1 id of the last record of the page before or ''  2 how many at most

Replies  records (JSON); none after an id that is not in the list
]]
local from = '-inf'
if ARGV[1] ~= '' then
  local ordinal = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not ordinal then
    return {}
  end
  from = '(' .. ordinal
end
local ids = redis.call('ZRANGE', KEYS[1], from, '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[2])
if #ids == 0 then
  return {}
end
return redis.call('HMGET', KEYS[2], unpack(ids))
