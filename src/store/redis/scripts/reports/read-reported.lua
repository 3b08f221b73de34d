#!lua flags=no-writes
--[[
Reads what the sums count of a stretch of the journal. Entries that only set credit aside or let it go are left out, and
of postings those that no statement has a line for: what is not sent costs neither side.

KEYS  1 the journal
ARGV  1 sequence of the first entry  2 entries at most

Replies  '' when there are none, or one text, its parts by line feeds, which no part has in it:
         sequences of the first and the last entry, and of each entry that counts
         sequence, instant in ms, operation, amount, postings ('' where left out), details
]]
local QUIET = { hold = true, extend = true, release = true, reclaim = true }

-- An amount that grants, expires or voids can be in the entry of any operation.
local function is_told(postings)
  return string.find(postings, '"expire"', 1, true)
    or string.find(postings, '"grant"', 1, true)
    or string.find(postings, '"void"', 1, true)
end

local function sequence(entry)
  return string.match(entry[1], '^%d+')
end

local found = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
if #found == 0 then
  return ''
end
local parts, last = { sequence(found[1]), sequence(found[#found]) }, 2
for _, entry in ipairs(found) do
  -- Names and values in turn, in the order in which lib-save writes them.
  local fields = entry[2]
  local operation, postings = fields[4], fields[10]
  local told = is_told(postings)
  if told or not QUIET[operation] then
    parts[last + 1], parts[last + 2], parts[last + 3] = sequence(entry), fields[2], operation
    parts[last + 4], parts[last + 5], parts[last + 6] = fields[8], told and postings or '', fields[16]
    last = last + 6
  end
end
return table.concat(parts, '\n')
