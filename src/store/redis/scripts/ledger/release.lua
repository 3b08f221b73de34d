#!lua
--[[
Gives everything back. On an unknown id it leaves a tombstone, so that a delayed hold cannot come alive.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 details (JSON) or ''

Replies  released, balance (14) | duplicate | done | no_account
]]
--- @include ledger/lib-holds
local function find_answer(draft)
  local tombstone = load_tombstone()
  if tombstone then
    return { tombstone.state == 'released' and 'duplicate' or 'done' }
  end
  return is_too_old(draft) and { 'done' } or nil
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local hold = load_hold(books)
local known = not hold and find_answer(draft)
if known then
  answer(draft)
  return known
end
if hold then
  give_back(draft, hold, 0)
end
plan_end(draft, 'released', 0)
plan_cells(draft)
local amount = hold and hold.amount or 0
commit(draft, { operation = 'release', subject = HOLD_ID, amount = amount, details = ARGV[5] })
return with_balance(draft, { 'released' })
