#!lua
--[[
Releases a hold whose lease has ended. A settle that turns up later is charged late.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 details (JSON) or ''

Replies  reclaimed, amount, balance (14) | early | done | no_hold | no_account
]]
--- @include ledger/lib-save-holds
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local named = named_hold(3, K.ended_holds)
local hold = find_hold(books, named)
if not hold then
  answer(draft)
  return { find_end(books, named) and 'done' or 'no_hold' }
end
if hold.deadline > draft.now then
  answer(draft)
  return { 'early' }
end
give_back(draft, hold, 0)
end_hold(draft, named, 'reclaimed', 0)
note(draft, { operation = 'reclaim', subject = named.id, amount = hold.amount, details = ARGV[5] })
save_holds(draft)
return with_balance(draft, { 'reclaimed', text(hold.amount) })
