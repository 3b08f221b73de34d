#!lua flags=no-writes
--[[
What the sweeper should look at in one partition.

KEYS  1 due holds  2 due accounts
ARGV  1 '' 2 now in ms since 1970, or '' for this server's clock  3 how many of each at most

Replies  account|hold of each due hold, then '', then each due account
]]
--- @include ledger/lib-clock
local now = ARGV[2]
if now == '' then
  now = string.format('%.0f', read_server_clock())
end
local words = redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])
words[#words + 1] = ''
for _, account in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3])) do
  words[#words + 1] = account
end
return words
