#!lua
--[[
Gives back, inside the account, what a settled call was charged, never more than that over all its refunds.

KEYS  as named in lib-books, then  15 refunds: `refund|<id>` -> hold;amount, `hold|<id>` -> given back in all
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 refund id  6 amount, or '' for all that is left
      7 allocations of the charge (JSON list of [grant, amount])  8 its debt  9 fallback grants (JSON list)
      10 terms for the journal (JSON)  11 details (JSON) or ''

Replies  refunded | exists, each with amount, given back in all, balance (14) | conflict
         exceeds_charge, charged, given back | not_settled | no_credit | out_of_range, what | no_account
]]
--- @include ledger/lib-refund
local REFUND_ID, AMOUNT = ARGV[5], ARGV[6]

local function find_out_of_range(charge)
  local asked = tonumber(AMOUNT)
  return find_charge_out_of_range(charge) or asked and (asked <= 0 or asked > MAX_NUMBER) and 'amount' or nil
end

local function find_refusal(books, charge, amount, before)
  local what = find_out_of_range(charge)
  if what then
    return { 'out_of_range', what }
  end
  local ended = find_end(books, NAMED)
  local is_other = ended and (ended.state == 'released' or ended.state == 'reclaimed' or ended.amount ~= text(charge.amount))
  if is_other or redis.call('HEXISTS', K.holds, NAMED.id) == 1 then
    return { 'not_settled' }
  end
  if amount <= 0 or amount > charge.amount - before then
    return { 'exceeds_charge', text(charge.amount), text(before) }
  end
  return nil
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local before = refunded_before()
local present_hold, present_amount = find_refund(REFUND_ID)
if present_hold then
  answer(draft)
  if present_hold ~= NAMED.id or (AMOUNT ~= '' and AMOUNT ~= present_amount) then
    return { 'conflict' }
  end
  return with_balance(draft, { 'exists', present_amount, text(before) })
end
local charge = read_charge()
local amount = AMOUNT == '' and charge.amount - before or tonumber(AMOUNT)
local refusal = find_refusal(books, charge, amount, before)
local planned = not refusal and plan_refund(draft, charge, amount, before)
if not planned then
  answer(draft)
  return refusal or { 'no_credit' }
end

post_refund(draft, planned)
plan_refund_record(draft, REFUND_ID, amount, before + amount)
commit(draft, { operation = 'refund', subject = REFUND_ID, amount = amount, terms = ARGV[10], details = ARGV[11] })
return with_balance(draft, { 'refunded', text(amount), text(before + amount) })
