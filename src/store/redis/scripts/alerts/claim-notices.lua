#!lua
--[[
Takes the notices that are due; nobody else gets them before the claim's end. Sent again it takes others: the first
ones come back when their claim has ended.

KEYS  1 due  2 notices  3 attempts
ARGV  1 now, ms  2 end of the claim, ms  3 how many at most

Replies  a flat list: id, payload, attempt, and so on
]]
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', '0', ARGV[3])) do
  redis.call('ZADD', KEYS[1], ARGV[2], id)
  local attempt = redis.call('HINCRBY', KEYS[3], id, 1)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = redis.call('HGET', KEYS[2], id)
  claimed[#claimed + 1] = string.format('%.0f', attempt)
end
return claimed
