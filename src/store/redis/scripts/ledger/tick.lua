#!lua
--[[
Does what is due by time alone, so that a balance never shows credit that has expired.

KEYS  as named in lib-books
ARGV  1 account id  2 now

Replies  advanced | idle, each with balance (14) | no_account
]]
--- @include ledger/lib-reply
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local word = #draft.postings > 0 and 'advanced' or 'idle'
answer(draft)
return with_balance(draft, { word })
