#!lua
--[[
Takes the turn to ask for the payment of a request. It is no transition: who pays is asked again when the pause is over,
whatever became of this turn.

KEYS  1 account  2 reload  3 due reloads
ARGV  1 account id  2 now  3 number of the request  4 pause in ms

Replies  claimed | early | none | no_account
]]
--- @include ledger/lib-clock
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'no_account' }
end
if redis.call('HGET', KEYS[2], 'pending_number') ~= ARGV[3] then
  return { 'none' }
end
local now = ARGV[2] ~= '' and tonumber(ARGV[2]) or read_server_clock()
if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or '0') > now then
  return { 'early' }
end
redis.call('ZADD', KEYS[3], string.format('%.0f', now + tonumber(ARGV[4])), ARGV[1])
return { 'claimed' }
