#!lua
--[[
Holds, settles and releases of one account, one after the other as their own scripts would make them, in one step.

KEYS  as named in lib-books; from 14 on ended holds of every hour that the ids are of
ARGV  1 account id  2 now  then of each: hold, settle or release; which of the keys of ended holds, from 1 on; and what
      the script of that name has from its third on; for a list, `@` and the number of an earlier argument that has it

Replies  of each what its own script would have replied, joined
]]
--- @include ledger/lib-hold
--- @include ledger/lib-settle
--- @include ledger/lib-release
local CALLS = {
  hold = { words = 6, read = read_hold_terms, run = hold_call },
  settle = { words = 5, read = read_settle_terms, run = settle_call },
  release = { words = 1, read = read_release_terms, run = release_call },
}
local FIRST_ITEM, FIRST_ENDED, ITEM_WORDS = 3, 13, 4

local function read_items()
  local items, at = {}, FIRST_ITEM
  while at <= #ARGV do
    local call = CALLS[ARGV[at]]
    local ended = KEYS[FIRST_ENDED + tonumber(ARGV[at + 1])]
    items[#items + 1] = { call = call, named = named_hold(at + 2, ended), terms = call.read(at + ITEM_WORDS) }
    at = at + ITEM_WORDS + call.words
  end
  return items
end

-- Reads the holds named, and how those ended that are not open, with one command for each key.
local function load_holds(books, items)
  local ids, missing = {}, {}
  for index, item in ipairs(items) do
    ids[index] = item.named.id
  end
  for index, record in ipairs(redis.call('HMGET', K.holds, unpack(ids))) do
    local id, ended = ids[index], items[index].named.ended
    books.holds[id] = books.holds[id] or record and read_hold(books, record)
    if not record then
      missing[ended] = missing[ended] or {}
      table.insert(missing[ended], id)
    end
  end
  for ended, names in pairs(missing) do
    for index, record in ipairs(redis.call('HMGET', ended, unpack(names))) do
      books.ended[names[index]] = read_end(record)
    end
  end
end

local books = load_books()
local items, replies = read_items(), {}
if not books then
  for index in ipairs(items) do
    replies[index] = 'no_account'
  end
  return replies
end
load_holds(books, items)
local draft = begin_draft(books)
for index, item in ipairs(items) do
  replies[index] = joined(item.call.run(draft, item.named, item.terms))
end
save_holds(draft)
return replies
