#!lua
--[[
Ends an account: unspent credit expires at once; what holds give back later expires then.

KEYS  as named in lib-books
ARGV  1 account id  2 now

Replies  closed_now, balance (14) | closed | no_account
]]
--- @include ledger/lib-reply
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
if books.status == 'closed' then
  answer(draft)
  return { 'closed' }
end
books.status = 'closed'
local left = {}
for grant in each_grant(books) do
  left[#left + 1] = grant
end
table.sort(left, by_ordinal)
for _, grant in ipairs(left) do
  post(draft, 'expire', grant.remaining, grant)
end
local terms = { status = books.status, mode = books.mode, creditLimitNanoUsd = text(books.limit) }
commit(draft, { operation = 'close', subject = ACCOUNT_ID, terms = cjson.encode(terms) })
return with_balance(draft, { 'closed_now' })
