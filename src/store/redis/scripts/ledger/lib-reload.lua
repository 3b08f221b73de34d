-- Auto-reload of an account. Mirrors src/domain/credit/reload-state.ts.
-- KEYS of every script with this include  1 to 13 as named in lib-books  14 reload  15 due reloads
--- @include ledger/lib-grant
local RELOAD, DUE_RELOADS = KEYS[14], KEYS[15]
local RELOAD_HOUR_MS = 3600000
local RELOAD_NUMBERS = {
  'threshold', 'amount', 'monthly_cap', 'hourly_count', 'count', 'pending_number', 'pending_amount', 'pending_at',
  'month_ends', 'month_amount', 'declines', 'next_at',
}
local DECLINE_PAUSES_MS = { RELOAD_HOUR_MS, 4 * RELOAD_HOUR_MS }

-- `pending_number` 0: nothing is pending.
local function load_reload()
  local fields = redis.call('HMGET', RELOAD, 'enabled', 'reason', 'mode', 'recent', unpack(RELOAD_NUMBERS))
  local reload = { enabled = fields[1] == '1', reason = fields[2] or '', mode = fields[3] or 'fixed', recent = {} }
  for instant in string.gmatch(fields[4] or '', '%d+') do
    reload.recent[#reload.recent + 1] = tonumber(instant)
  end
  for index, name in ipairs(RELOAD_NUMBERS) do
    reload[name] = tonumber(fields[index + 4] or '0')
  end
  reload.was_pending = reload.pending_number
  return reload
end

local function plan_reload(draft, reload)
  local recent = {}
  for index, instant in ipairs(reload.recent) do
    recent[index] = text(instant)
  end
  local command = {
    'HSET', RELOAD, 'enabled', reload.enabled and '1' or '0', 'reason', reload.reason, 'mode', reload.mode,
    'recent', table.concat(recent, ','),
  }
  for _, name in ipairs(RELOAD_NUMBERS) do
    command[#command + 1] = name
    command[#command + 1] = text(reload[name])
  end
  draft.plan[#draft.plan + 1] = command
  if reload.pending_number == reload.was_pending then
    return
  end
  if reload.pending_number == 0 then
    plan(draft, 'ZREM', DUE_RELOADS, ACCOUNT_ID)
  else
    plan(draft, 'ZADD', DUE_RELOADS, text(reload.pending_at), ACCOUNT_ID)
  end
end

local function write_reload_id(number)
  return 'reload_' .. string.gsub(ACCOUNT_ID, '^acct_', '') .. '_' .. text(number)
end

local function requested_in_month(reload, now)
  return now < reload.month_ends and reload.month_amount or 0
end

local function recent_requests(reload, now)
  local recent = {}
  for _, instant in ipairs(reload.recent) do
    if instant > now - RELOAD_HOUR_MS then
      recent[#recent + 1] = instant
    end
  end
  return recent
end

local function note_request(reload, amount, month_ends, now)
  local requested = requested_in_month(reload, now)
  if now >= reload.month_ends then
    reload.month_ends = month_ends
  end
  reload.month_amount = requested + amount
  reload.recent = recent_requests(reload, now)
  reload.recent[#reload.recent + 1] = now
  reload.count = reload.count + 1
  reload.pending_number, reload.pending_amount, reload.pending_at = reload.count, amount, now
end

local function forget_pending(reload)
  reload.pending_number, reload.pending_amount, reload.pending_at = 0, 0, 0
end

local function note_paid(reload, number, amount)
  if number > reload.count then
    reload.count = number
    reload.month_amount = math.min(reload.month_amount + amount, MAX_NUMBER)
  end
  if reload.pending_number == number then
    forget_pending(reload)
  end
  reload.declines, reload.next_at = 0, 0
end

local function note_decline(reload, now)
  reload.month_amount = reload.month_amount - reload.pending_amount
  forget_pending(reload)
  if not reload.enabled then
    return
  end
  local pause = DECLINE_PAUSES_MS[reload.declines + 1]
  reload.declines = reload.declines + 1
  reload.next_at = pause and now + pause or 0
  if not pause then
    reload.enabled, reload.reason = false, 'declined'
  end
end
