#!lua
--[[
Makes a request for a reload, if one is due: one at a time, within the caps of the month and of the hour.
Mirrors requestReload in src/domain/credit/reload-rules.ts.

KEYS  as named in lib-reload
ARGV  1 account id  2 now  3 end of the month in ms  4 credit that a refused hold needed, or '': the balance asks
      5 model labels of that hold (JSON list)

Replies  requested, number, amount, instant, balance (14) | waiting | too_often | cap_reached, each with until in ms
         off | pending | not_needed | too_small | postpaid | bad_time | out_of_range, what
         closed | frozen | no_account
]]
--- @include ledger/lib-reload-amount
local LEAST, MONTH_AT_MOST_MS = 1000000000, 2764800000
local month_ends, needed, labels = tonumber(ARGV[3]), tonumber(ARGV[4]), {}
for _, label in ipairs(cjson.decode(ARGV[5])) do
  labels[label] = true
end

local function is_needed(draft, reload)
  if not needed then
    return unspent(draft.books) < reload.threshold
  end
  return within_reach(draft, labels) < needed
end

local function find_standing_refusal(draft, reload)
  local books = draft.books
  if books.status ~= 'open' then
    return { books.status }
  end
  if not reload.enabled then
    return { 'off' }
  end
  if books.mode == 'postpaid' then
    return { 'postpaid' }
  end
  if reload.pending_number ~= 0 then
    return { 'pending' }
  end
  return draft.now < reload.next_at and { 'waiting', text(reload.next_at) } or nil
end

local function find_refusal(draft, reload)
  local standing = find_standing_refusal(draft, reload)
  if standing then
    return standing
  end
  if not is_needed(draft, reload) then
    return { 'not_needed' }
  end
  if month_ends <= draft.now or month_ends - draft.now > MONTH_AT_MOST_MS then
    return { 'bad_time' }
  end
  local recent = recent_requests(reload, draft.now)
  if #recent >= reload.hourly_count then
    return { 'too_often', text(recent[1] + RELOAD_HOUR_MS) }
  end
  return nil
end

-- Answers the amount to ask for, or nil and why none.
local function plan_request(draft, reload)
  local books = draft.books
  local room = reload.monthly_cap - requested_in_month(reload, draft.now)
  if room < LEAST then
    return nil, { 'cap_reached', text(draft.now < reload.month_ends and reload.month_ends or month_ends) }
  end
  local wanted = wanted_amount(draft, reload, room)
  local asked = math.min(math.max(wanted, LEAST), room)
  local gained = wanted == 0 and 0 or math.max(asked - books.debt, 0)
  if needed and within_reach(draft, labels) + gained < needed then
    return nil, { 'too_small' }
  end
  if books.granted > MAX_NUMBER - asked then
    return nil, { 'out_of_range', 'granted' }
  end
  return asked
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local reload, refusal, amount = load_reload(), nil, nil
refusal = find_refusal(draft, reload)
if not refusal then
  amount, refusal = plan_request(draft, reload)
end
if refusal then
  answer(draft)
  return refusal
end
note_request(reload, amount, month_ends, draft.now)
plan_reload(draft, reload)
local terms = '{"monthEndsAtMs":' .. text(month_ends) .. ',"refusedHold":' .. (needed and 'true' or 'false') .. '}'
commit(draft, { operation = 'reload_request', subject = write_reload_id(reload.count), amount = amount, terms = terms })
return with_balance(draft, { 'requested', text(reload.count), text(amount), text(draft.now) })
