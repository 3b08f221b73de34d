#!lua
--[[
Charges a call at its true cost, exactly once, even when its hold was reclaimed or lost.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 amount  6 tokens  7 model labels (JSON list)
      8 cells (JSON, lib-cells)  9 details (JSON) or ''

Replies  settled | late, each with overage and balance (14), joined | duplicate | conflict | too_old | out_of_range, what
         no_account
]]
--- @include ledger/lib-settle
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local words = settle_call(draft, named_hold(3, K.ended_holds), read_settle_terms(5))
save_holds(draft)
return joined(words)
