#!lua
--[[
Writes an attempt into the log of deliveries, which keeps the newest of a time.

KEYS  1 deliveries  2 order
ARGV  1 id and account with a blank between  2 delivery (JSON)  3 what is below it is too old  4 how many are kept

Replies  added
]]
local function id_of(member)
  return string.match(member, '^%S+')
end
redis.call('HSET', KEYS[1], id_of(ARGV[1]), ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
local too_old = redis.call('ZRANGEBYLEX', KEYS[2], '-', '(' .. ARGV[3], 'LIMIT', 0, 100)
for _, member in ipairs(too_old) do
  redis.call('ZREM', KEYS[2], member)
  redis.call('HDEL', KEYS[1], id_of(member))
end
local too_many = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if too_many > 0 then
  for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, too_many - 1)) do
    redis.call('ZREM', KEYS[2], member)
    redis.call('HDEL', KEYS[1], id_of(member))
  end
end
return { 'added' }
