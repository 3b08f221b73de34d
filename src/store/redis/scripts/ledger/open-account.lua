#!lua
--[[
Opens the books of an account.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 mode  4 credit limit

Replies  opened | exists
]]
--- @include ledger/lib-reply
if redis.call('EXISTS', K.account) == 1 then
  return { 'exists' }
end
local draft = begin_draft(create_books())
draft.books.mode = ARGV[3]
draft.books.limit = tonumber(ARGV[4])
local terms = { status = draft.books.status, mode = draft.books.mode, creditLimitNanoUsd = text(draft.books.limit) }
commit(draft, { operation = 'open', subject = ACCOUNT_ID, terms = cjson.encode(terms) })
return { 'opened' }
