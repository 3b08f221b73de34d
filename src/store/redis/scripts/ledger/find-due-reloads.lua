#!lua flags=no-writes
--[[
The accounts of one partition with a request for whose payment it is time to ask.

KEYS  1 due reloads
ARGV  1 '' 2 now in ms since 1970, or '' for this server's clock  3 how many at most

Replies  each account and the instant it is due at, those that wait longest first
]]
--- @include ledger/lib-clock
local now = ARGV[2]
if now == '' then
  now = string.format('%.0f', read_server_clock())
end
return redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
