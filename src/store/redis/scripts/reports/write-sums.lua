#!lua
--[[
Puts cells in place and moves an account's progress, unless another process has moved it. No number is computed here.

KEYS  1 reported  2... a page each
ARGV  1 account id  2 progress it began from  3 progress now
      then for each page: the instant in ms at which it may go ('' never), the number of cells, and name and counts of each

Replies  written | stale
]]
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0') ~= ARGV[2] then
  return { 'stale' }
end
local at = 4
for page = 2, #KEYS do
  local ends, cells = ARGV[at], tonumber(ARGV[at + 1])
  for cell = 1, cells do
    redis.call('HSET', KEYS[page], ARGV[at + 2 * cell], ARGV[at + 2 * cell + 1])
  end
  if ends ~= '' then
    redis.call('PEXPIREAT', KEYS[page], ends)
  end
  at = at + 2 + 2 * cells
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return { 'written' }
