#!lua
--[[
Sets what an ended call is charged: the difference is given back, or charged. Mirrors
src/domain/credit/correct-rules.ts.

KEYS  as named in lib-books, then  15 refunds: `refund|<id>` -> hold;amount, `hold|<id>` -> given back in all
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 correction id  6 the charge as it shall be
      7 allocations of the charge (JSON list of [grant, amount])  8 its debt  9 fallback grants (JSON list)
      10 terms for the journal (JSON)  11 details (JSON) or ''

Replies  corrected | exists, each with the change and balance (14) | unchanged, balance | conflict | not_settled
         no_credit | out_of_range, what | no_account
]]
--- @include ledger/lib-refund
local CORRECTION_ID, TO = ARGV[5], tonumber(ARGV[6])

local function find_refusal(books, charge)
  local what = find_charge_out_of_range(charge) or (TO < 0 or TO > MAX_NUMBER) and 'amount' or nil
  if what then
    return { 'out_of_range', what }
  end
  local ended = find_end(books, NAMED)
  local is_other = ended and (ended.state == 'reclaimed' or ended.amount ~= text(charge.amount))
  if is_other or redis.call('HEXISTS', K.holds, NAMED.id) == 1 then
    return { 'not_settled' }
  end
  return nil
end

-- The refusal where the difference cannot be moved; nil when it was.
local function move(draft, charge, change, before)
  if change > 0 then
    if draft.books.charged > MAX_NUMBER - change then
      return { 'out_of_range', 'charged' }
    end
    draw_credit(draft, change)
    return nil
  end
  local planned = plan_refund(draft, charge, -change, before)
  if not planned then
    return { 'no_credit' }
  end
  post_refund(draft, planned)
  return nil
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local present_hold, present_amount = find_refund(CORRECTION_ID)
if present_hold then
  answer(draft)
  if present_hold ~= NAMED.id then
    return { 'conflict' }
  end
  return with_balance(draft, { 'exists', text(-tonumber(present_amount)) })
end
local charge, before = read_charge(), refunded_before()
local change = TO - (charge.amount - before)
local refusal = find_refusal(books, charge)
if not refusal and change == 0 then
  answer(draft)
  return with_balance(draft, { 'unchanged' })
end
refusal = refusal or move(draft, charge, change, before)
if refusal then
  answer(draft)
  return refusal
end

plan_refund_record(draft, CORRECTION_ID, -change, before - change)
commit(draft, {
  operation = change > 0 and 'charge' or 'refund',
  subject = CORRECTION_ID,
  amount = math.abs(change),
  terms = ARGV[10],
  details = ARGV[11],
})
return with_balance(draft, { 'corrected', text(change) })
