#!lua flags=no-writes
--[[
Everything the store keeps of one account's money, as of one instant. How holds ended is left out.

KEYS  1 account  2 live grants  3 ended grants  4 holds  5 cells  6 refunds  7 reload
ARGV  none

Replies  no_account | found, then the fields of each key in this order: their number, and each name and value
]]
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'no_account' }
end
local words = { 'found' }
for _, key in ipairs(KEYS) do
  local fields = redis.call('HGETALL', key)
  words[#words + 1] = string.format('%.0f', #fields / 2)
  for _, word in ipairs(fields) do
    words[#words + 1] = word
  end
end
return words
