#!lua
--[[
Releases a hold whose lease has ended. A settle that turns up later is charged late.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 details (JSON) or ''

Replies  reclaimed, amount, balance (14) | early | done | no_hold | no_account
]]
--- @include ledger/lib-holds
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local hold = load_hold(books)
if not hold then
  answer(draft)
  return { load_tombstone() and 'done' or 'no_hold' }
end
if hold.deadline > draft.now then
  answer(draft)
  return { 'early' }
end
give_back(draft, hold, 0)
plan_end(draft, 'reclaimed', 0)
plan_cells(draft)
commit(draft, { operation = 'reclaim', subject = HOLD_ID, amount = hold.amount, details = ARGV[5] })
return with_balance(draft, { 'reclaimed', text(hold.amount) })
