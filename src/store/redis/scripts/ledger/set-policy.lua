#!lua
--[[
Freezes, re-opens, changes mode or credit limit. A lower limit binds new holds; running ones keep theirs.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 status or ''  4 mode or ''  5 credit limit or ''

Replies  set | unchanged | closed | no_account
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
local status = ARGV[3] ~= '' and ARGV[3] or books.status
local mode = ARGV[4] ~= '' and ARGV[4] or books.mode
local limit = ARGV[5] ~= '' and tonumber(ARGV[5]) or books.limit
if status == books.status and mode == books.mode and limit == books.limit then
  answer(draft)
  return { 'unchanged' }
end
books.status, books.mode, books.limit = status, mode, limit
local terms = { status = status, mode = mode, creditLimitNanoUsd = text(limit) }
commit(draft, { operation = 'policy', subject = ACCOUNT_ID, terms = cjson.encode(terms) })
return { 'set' }
