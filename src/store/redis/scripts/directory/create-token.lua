#!lua
--[[
Stores a new access token, in order of creation among all and among those of its account, which has room for so many
active ones. Those that have ended are found, and forgotten, only when there is no room.

KEYS  1 tokens  2 order of all tokens  3 order of this account's tokens  4 accounts  5 teams  6 secrets of tokens
      7 made-of  8 ordinal  9 active tokens of this account, or of the installation
ARGV  1 id  2 what it is made of  3 record (JSON)  4 account id or ''  5 team id or ''  6 secret hash
      7 channel of changes  8 what to announce  9 ms of now  10 the most that may be active

Replies  created | exists, record | conflict | no_reference, what | too_many
]]
--- @include directory/lib-references
local function forget_ended(tokens, active, now_ms)
  for _, other in ipairs(redis.call('SMEMBERS', active)) do
    local token = cjson.decode(redis.call('HGET', tokens, other))
    if token.revokedAtMs or (token.expiresAtMs and token.expiresAtMs <= now_ms) then
      redis.call('SREM', active, other)
    end
  end
end

local id, content, account_id, secret_hash = ARGV[1], ARGV[2], ARGV[4], ARGV[6]

local stored = redis.call('HGET', KEYS[1], id)
if stored then
  if redis.call('HGET', KEYS[7], id) == content then
    return { 'exists', stored }
  end
  return { 'conflict' }
end
-- A team is not used by its tokens: it may go before them, and they end with it.
local missing = find_missing(account_id, { team = ARGV[5], member = '' }, { accounts = KEYS[4], teams = KEYS[5] })
if missing then
  return { 'no_reference', missing }
end
if redis.call('HEXISTS', KEYS[6], secret_hash) == 1 then
  return { 'conflict' }
end

local most = tonumber(ARGV[10])
if redis.call('SCARD', KEYS[9]) >= most then
  forget_ended(KEYS[1], KEYS[9], tonumber(ARGV[9]))
  if redis.call('SCARD', KEYS[9]) >= most then
    return { 'too_many' }
  end
end

local ordinal = redis.call('INCR', KEYS[8])
redis.call('HSET', KEYS[1], id, ARGV[3])
redis.call('HSET', KEYS[7], id, content)
redis.call('ZADD', KEYS[2], ordinal, id)
if account_id ~= '' then
  redis.call('ZADD', KEYS[3], ordinal, id)
end
redis.call('HSET', KEYS[6], secret_hash, id)
redis.call('SADD', KEYS[9], id)
redis.call('PUBLISH', ARGV[7], ARGV[8])
return { 'created' }
