-- Adding a grant. Mirrors src/domain/credit/grant-rules.ts.
--- @include ledger/lib-reply
local MAX_LIVE_GRANTS = 1000

local function find_grant_out_of_range(books, amount, priority)
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

-- `grant`: id, kind, priority, effective, expires, models. All of it is checked.
local function add_grant(draft, grant, amount)
  local books = draft.books
  books.grant_count = books.grant_count + 1
  grant.ordinal, grant.is_void = books.grant_count, '0'
  for _, pocket in ipairs({ 'granted', 'remaining', 'held', 'spent', 'expired', 'voided' }) do
    grant[pocket] = 0
  end
  books.grants[grant.id] = grant
  books.last_effect_ms = math.max(books.last_effect_ms, grant.effective)
  post(draft, 'grant', amount, grant)
end
