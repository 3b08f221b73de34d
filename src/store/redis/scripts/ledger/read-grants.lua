#!lua
--[[
Every grant of an account, after what is due by time.

KEYS  as named in lib-books
ARGV  1 account id  2 now

Replies  no_account | found, then for each grant its id and its record (JSON)
]]
--- @include ledger/lib-reply
local books = load_books()
if not books then
  return { 'no_account' }
end
answer(begin_draft(books))
local words = { 'found' }
for _, key in ipairs({ K.live, K.ended }) do
  for _, word in ipairs(redis.call('HGETALL', key)) do
    words[#words + 1] = word
  end
end
return words
