#!lua
--[[
Writes down an administrative act before it is done, and removes a few records that are past their time.

KEYS  1 audit: `first` and `last` sequence, and each sequence -> instant, blank, act (JSON)  2 results: sequence -> JSON
      3 by account: account id, blank, sequence in 16 digits, for acts on an account
ARGV  1 instant in ms  2 act (JSON)  3 life of a record in ms  4 newest records that stay whatever their age
      5 most records  6 most to remove now  7 account id or ''

Replies  its sequence
]]
local acts, results, by_account = KEYS[1], KEYS[2], KEYS[3]
local now, life, at_least, at_most = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local function text(number)
  return string.format('%.0f', number)
end

local function member(account_id, sequence)
  return account_id .. ' ' .. string.format('%016.0f', sequence)
end

local last = tonumber(redis.call('HINCRBY', acts, 'last', 1))
redis.call('HSET', acts, text(last), ARGV[1] .. ' ' .. ARGV[2])
if ARGV[7] ~= '' then
  redis.call('ZADD', by_account, 0, member(ARGV[7], last))
end
local first = tonumber(redis.call('HGET', acts, 'first') or '1')
for _ = 1, tonumber(ARGV[6]) do
  local record = redis.call('HGET', acts, text(first))
  local at = record and tonumber(string.match(record, '^%d+'))
  local is_old = at and now - at > life and first <= last - at_least
  if not is_old and first > last - at_most then
    break
  end
  local account_id = record and cjson.decode(string.match(record, '^%d+ (.*)$')).accountId
  if account_id then
    redis.call('ZREM', by_account, member(account_id, first))
  end
  redis.call('HDEL', acts, text(first))
  redis.call('HDEL', results, text(first))
  first = first + 1
end
redis.call('HSET', acts, 'first', text(first))
return { text(last) }
