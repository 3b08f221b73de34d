#!lua
--[[
Makes, replaces or removes a rule or a channel, provided it still is what the caller read. Sent again it changes
nothing more: a record begins with a word made for its writing.

KEYS  1 records  2 ids of its owner's
ARGV  1 id  2 record as read or '' for none  3 record as it shall be or '' for none  4 how many an owner may have

Replies  put | other (read it again) | too_many
]]
local id, before, after = ARGV[1], ARGV[2], ARGV[3]
local now = redis.call('HGET', KEYS[1], id) or ''
if now == after then
  return { 'put' }
end
if now ~= before then
  return { 'other' }
end
if after == '' then
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  return { 'put' }
end
if before == '' then
  if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then
    return { 'too_many' }
  end
  local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
  redis.call('ZADD', KEYS[2], (tonumber(last[2]) or 0) + 1, id)
end
redis.call('HSET', KEYS[1], id, after)
return { 'put' }
