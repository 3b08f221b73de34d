#!lua
--[[
Turns auto-reload on, by other terms, or off. What is pending stays so, and lands.

KEYS  as named in lib-reload
ARGV  1 account id  2 now  3 '1' on, '0' off: the terms stay as they are  4 threshold  5 mode  6 amount
      7 monthly cap  8 hourly count  9 details (JSON) or ''

Replies  set | unchanged, each with balance (14) | out_of_range, what | closed | no_account
]]
--- @include ledger/lib-reload
local CENT, LEAST, MOST, MAX_HOURLY = 10000000, 1000000000, 1000000000000000, 10

local function is_charge(amount)
  return amount >= LEAST and amount <= MOST and math.fmod(amount, CENT) == 0
end

local function find_out_of_range(terms)
  if terms.threshold < 0 or terms.threshold > MOST then
    return 'thresholdNanoUsd'
  end
  if not is_charge(terms.amount) or (terms.mode == 'target' and terms.amount <= terms.threshold) then
    return 'amountNanoUsd'
  end
  if not is_charge(terms.monthly_cap) then
    return 'monthlyCapNanoUsd'
  end
  return (terms.hourly_count < 1 or terms.hourly_count > MAX_HOURLY) and 'hourlyCount' or nil
end

local function read_terms()
  return {
    enabled = true, threshold = tonumber(ARGV[4]), mode = ARGV[5], amount = tonumber(ARGV[6]),
    monthly_cap = tonumber(ARGV[7]), hourly_count = tonumber(ARGV[8]),
  }
end

local function is_same(reload, wanted)
  for name, value in pairs(wanted) do
    if reload[name] ~= value then
      return false
    end
  end
  return reload.declines == 0 and reload.reason == ''
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local is_on = ARGV[3] == '1'
local wanted = is_on and read_terms() or { enabled = false }
local what = is_on and find_out_of_range(wanted)
if books.status == 'closed' or what then
  answer(draft)
  return books.status == 'closed' and { 'closed' } or { 'out_of_range', what }
end
local reload = load_reload()
if is_same(reload, wanted) then
  answer(draft)
  return with_balance(draft, { 'unchanged' })
end
for name, value in pairs(wanted) do
  reload[name] = value
end
reload.declines, reload.next_at, reload.reason = 0, 0, ''
plan_reload(draft, reload)
local terms = '{"enabled":' .. (reload.enabled and 'true' or 'false')
  .. ',"thresholdNanoUsd":"' .. text(reload.threshold) .. '","mode":"' .. reload.mode
  .. '","amountNanoUsd":"' .. text(reload.amount) .. '","monthlyCapNanoUsd":"' .. text(reload.monthly_cap)
  .. '","hourlyCount":' .. text(reload.hourly_count) .. '}'
commit(draft, { operation = 'reload_policy', subject = ACCOUNT_ID, terms = terms, details = ARGV[9] })
return with_balance(draft, { 'set' })
