#!lua flags=no-writes
--[[
All rules or channels of an owner, in order of creation.

KEYS  1 records  2 ids of its owner's

Replies  records
]]
local ids = redis.call('ZRANGE', KEYS[2], 0, -1)
if #ids == 0 then
  return {}
end
return redis.call('HMGET', KEYS[1], unpack(ids))
