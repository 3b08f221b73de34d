#!lua flags=no-writes
--[[
The accounts of one partition with a request for whose payment it is time to ask.

KEYS  1 due reloads
ARGV  1 '' 2 now in ms since 1970, or '' for this server's clock  3 how many at most  4 so far ahead in ms

Replies  each account and the instant it is due at, those that wait longest first
]]
--- @include ledger/lib-clock
local now = ARGV[2] ~= '' and tonumber(ARGV[2]) or read_server_clock()
local until_ms = string.format('%.0f', now + tonumber(ARGV[4]))
return redis.call('ZRANGE', KEYS[1], '-inf', until_ms, 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
