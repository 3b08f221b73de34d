#!lua
--[[
Gives everything back. On an unknown id it leaves a tombstone, so that a delayed hold cannot come alive.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 details (JSON) or ''

Replies  released, balance (14) | duplicate | done | no_account
]]
--- @include ledger/lib-release
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local words = release_call(draft, named_hold(3, K.ended_holds), read_release_terms(5))
save_holds(draft)
return joined(words)
