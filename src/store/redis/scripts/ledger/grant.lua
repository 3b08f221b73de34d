#!lua
--[[
Adds credit. Debt is repaid first. A frozen account may be topped up, a closed one may not.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 grant id  4 amount  5 kind  6 priority  7 effective at ms  8 expires at ms
      9 models (JSON list) or ''  10 terms for the journal (JSON object, the ordinal left out)  11 details (JSON) or ''

Replies  granted | exists, each with balance (14) | conflict | bad_time | out_of_range, what | closed | no_account
]]
--- @include ledger/lib-reply
local MAX_LIVE_GRANTS = 1000
local grant_id, amount, priority = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])
local effective, expires, models = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

-- Texts are compared: an amount out of range, sent under a known id, must not be rounded into it.
local function is_same(present)
  return (present.models or '') == models and text(present.granted) == ARGV[4] and present.kind == ARGV[5]
    and present.priority == priority and present.effective == effective and present.expires == expires
end

local function find_out_of_range(books)
  if amount <= 0 or amount > MAX_NUMBER then
    return 'amount'
  end
  if priority ~= math.floor(priority) or priority < 0 or priority > 99 then
    return 'priority'
  end
  if books.granted > MAX_NUMBER - amount then
    return 'granted'
  end
  local live = redis.call('HLEN', K.live)
  for _, grant in pairs(books.touched) do
    if grant.is_live and grant.remaining == 0 and grant.held == 0 then
      live = live - 1
    end
  end
  return live >= MAX_LIVE_GRANTS and 'grants' or nil
end

local function find_refusal(draft)
  if draft.books.status == 'closed' then
    return { 'closed' }
  end
  if expires <= effective or expires <= draft.now then
    return { 'bad_time' }
  end
  local what = find_out_of_range(draft.books)
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

books.grant_count = books.grant_count + 1
local grant = {
  id = grant_id, kind = ARGV[5], priority = priority, effective = effective, expires = expires,
  ordinal = books.grant_count, is_void = '0', models = models ~= '' and models or nil,
  granted = 0, remaining = 0, held = 0, spent = 0, expired = 0, voided = 0,
}
books.grants[grant_id] = grant
books.last_effect_ms = math.max(books.last_effect_ms, effective)
post(draft, 'grant', amount, grant)
local terms = '{"ordinal":' .. text(grant.ordinal) .. ',' .. string.sub(ARGV[10], 2)
commit(draft, { operation = 'grant', subject = grant_id, amount = amount, terms = terms, details = ARGV[11] })
return with_balance(draft, { 'granted' })
