#!lua
--[[
What became of a request for a reload: credit, once, or a decline. The first answer counts. A paid request that was lost
with its record becomes credit all the same.

KEYS  as named in lib-reload
ARGV  1 account id  2 now  3 reload id  4 its number, or '' when it is no id of this account  5 grant id
      6 paid or declined  7 amount  8 expires at ms  9 details (JSON) or ''

Replies  paid, balance (14) | declined, declines in a row, next request in ms, 1 if that turned it off, balance (14)
         exists, balance (14) | conflict | unknown | bad_time | out_of_range, what | closed | no_account
]]
--- @include ledger/lib-reload
local reload_id, number, grant_id = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local is_payment, amount, expires = ARGV[6] == 'paid', tonumber(ARGV[7]), tonumber(ARGV[8])
local PRIORITY = 50

-- The answer to what is not pending; nil: it is, or was lost.
local function find_known(draft, reload)
  if not number then
    return { 'unknown' }
  end
  local is_paid = find_grant(draft.books, grant_id) and true or false
  local is_lost = not is_paid and number > reload.count
  if (not is_paid and reload.pending_number == number) or (is_lost and is_payment) then
    return nil
  end
  if is_lost then
    return { 'unknown' }
  end
  return { is_paid == is_payment and 'exists' or 'conflict' }
end

local function find_payment_refusal(draft)
  if draft.books.status == 'closed' then
    return { 'closed' }
  end
  if expires <= draft.now then
    return { 'bad_time' }
  end
  local what = find_grant_out_of_range(draft.books, amount, PRIORITY)
  return what and { 'out_of_range', what }
end

local function pay(draft, reload)
  note_paid(reload, number, amount)
  plan_reload(draft, reload)
  local grant = { id = grant_id, kind = 'paid', priority = PRIORITY, effective = draft.now, expires = expires }
  add_grant(draft, grant, amount)
  local terms = '{"kind":"paid","priority":' .. text(PRIORITY) .. ',"effectiveAtMs":' .. text(draft.now)
    .. ',"expiresAtMs":' .. text(expires) .. ',"ordinal":' .. text(grant.ordinal)
    .. ',"reloadId":"' .. reload_id .. '"}'
  commit(draft, { operation = 'grant', subject = grant_id, amount = amount, terms = terms, details = ARGV[9] })
  return with_balance(draft, { 'paid' })
end

local function decline(draft, reload)
  local asked, was_enabled = reload.pending_amount, reload.enabled
  note_decline(reload, draft.now)
  plan_reload(draft, reload)
  local is_disabled = was_enabled and not reload.enabled
  local terms = '{"declines":' .. text(reload.declines) .. ',"disabled":' .. (is_disabled and 'true' or 'false') .. '}'
  commit(draft, {
    operation = 'reload_decline', subject = reload_id, amount = asked, terms = terms, details = ARGV[9],
  })
  local words = { 'declined', text(reload.declines), text(reload.next_at), is_disabled and '1' or '0' }
  return with_balance(draft, words)
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local reload = load_reload()
local known = find_known(draft, reload) or (is_payment and find_payment_refusal(draft))
if known then
  answer(draft)
  return known[1] == 'exists' and with_balance(draft, known) or known
end
return is_payment and pay(draft, reload) or decline(draft, reload)
