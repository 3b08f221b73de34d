#!lua
--[[
Adds credit. Debt is repaid first. A frozen account may be topped up, a closed one may not.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 grant id  4 amount  5 kind  6 priority  7 effective at ms  8 expires at ms
      9 models (JSON list) or ''  10 terms for the journal (JSON object, the ordinal left out)  11 details (JSON) or ''

Replies  granted | exists, each with balance (14) | conflict | bad_time | out_of_range, what | closed | no_account
]]
--- @include ledger/lib-grant
local grant_id, amount, priority = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])
local effective, expires, models = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

-- Texts are compared: an amount out of range, sent under a known id, must not be rounded into it.
local function is_same(present)
  return (present.models or '') == models and text(present.granted) == ARGV[4] and present.kind == ARGV[5]
    and present.priority == priority and present.effective == effective and present.expires == expires
end

local function find_refusal(draft)
  if draft.books.status == 'closed' then
    return { 'closed' }
  end
  if expires <= effective or expires <= draft.now then
    return { 'bad_time' }
  end
  local what = find_grant_out_of_range(draft.books, amount, priority)
  return what and { 'out_of_range', what }
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local present = find_grant(books, grant_id)
if present then
  answer(draft)
  return is_same(present) and with_balance(draft, { 'exists' }) or { 'conflict' }
end
local refusal = find_refusal(draft)
if refusal then
  answer(draft)
  return refusal
end

local grant = {
  id = grant_id, kind = ARGV[5], priority = priority, effective = effective, expires = expires,
  models = models ~= '' and models or nil,
}
add_grant(draft, grant, amount)
local terms = '{"ordinal":' .. text(grant.ordinal) .. ',' .. string.sub(ARGV[10], 2)
commit(draft, { operation = 'grant', subject = grant_id, amount = amount, terms = terms, details = ARGV[11] })
return with_balance(draft, { 'granted' })
