#!lua
--[[
Takes back what is left of a grant. Its held part is voided when it comes back; what is spent stays spent.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 grant id  4 details (JSON) or ''

Replies  voided | already_voided, each with balance (14) | no_grant | no_account
]]
--- @include ledger/lib-reply
local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local grant = find_grant(books, ARGV[3])
if not grant then
  answer(draft)
  return { 'no_grant' }
end
if grant.is_void == '1' then
  answer(draft)
  return with_balance(draft, { 'already_voided' })
end
grant.is_void = '1'
books.touched[grant.id] = grant
local amount = grant.remaining
post(draft, 'void', amount, grant)
commit(draft, { operation = 'void', subject = grant.id, amount = amount, details = ARGV[4] })
return with_balance(draft, { 'voided' })
