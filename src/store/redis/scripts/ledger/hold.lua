#!lua
--[[
Reserves credit and quota cells in one step, all or nothing.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 amount  6 least amount  7 tokens  8 lease in ms
      9 model labels (JSON list)  10 cells (JSON, lib-cells)

Replies  held (joined) | exists, each with amount, balance (14), used and held of each cell | done
         insufficient_credit, available, needed, elsewhere | quota_exceeded, index of the cell, room
         bad_time | out_of_range, what | closed | frozen | no_account
]]
--- @include ledger/lib-hold
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local words = hold_call(draft, named_hold(3, K.ended_holds), read_hold_terms(5))
save_holds(draft)
return joined(words)
