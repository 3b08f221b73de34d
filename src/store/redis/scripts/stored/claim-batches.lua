#!lua
--[[
Takes batches that are due; nobody else gets them before the claim's end. Sent again it takes others: the first ones
come back when their claim has ended.

KEYS  1 batches  2 due
ARGV  1 now, ms  2 end of the claim, ms  3 how many at most

Replies  the records (JSON)
]]
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', '0', ARGV[3])) do
  redis.call('ZADD', KEYS[2], ARGV[2], id)
  claimed[#claimed + 1] = redis.call('HGET', KEYS[1], id)
end
return claimed
