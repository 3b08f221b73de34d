#!lua flags=no-writes
--[[
A page of the log of deliveries, latest first. At most all of the log is gone through.

KEYS  1 deliveries  2 order
ARGV  1 id of the last one of the page before or ''  2 account or '' for all  3 how many at most

Replies  deliveries (JSON)
]]
local from = ARGV[1] == '' and '+' or '(' .. ARGV[1]
local limit = tonumber(ARGV[3])
local found = {}
for _, member in ipairs(redis.call('ZREVRANGEBYLEX', KEYS[2], from, '-')) do
  local id, account_id = string.match(member, '^(%S+) (.*)$')
  if ARGV[2] == '' or account_id == ARGV[2] then
    found[#found + 1] = id
    if #found == limit then
      break
    end
  end
end
if #found == 0 then
  return {}
end
return redis.call('HMGET', KEYS[1], unpack(found))
