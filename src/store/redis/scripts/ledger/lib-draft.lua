-- A transition in the making: amounts move in memory only, and are written at the end or not at all.
--- @include ledger/lib-books

-- What each kind of posting moves, as in src/domain/credit/post.ts.
local MOVES = {
  grant = { to = 'remaining' },
  hold = { from = 'remaining', to = 'held' },
  settle = { from = 'held', to = 'spent', charged = 1 },
  unhold = { from = 'held', to = 'remaining' },
  draw = { from = 'remaining', to = 'spent', charged = 1 },
  expire = { from = 'remaining', to = 'expired' },
  void = { from = 'remaining', to = 'voided' },
  repay = { from = 'remaining', to = 'spent', debt = -1 },
  debt = { debt = 1, charged = 1 },
  debt_hold = { debt_held = 1 },
  debt_unhold = { debt_held = -1 },
}

local function shift(record, name, change)
  local value = record[name] + change
  if value < 0 or value > MAX_NUMBER then
    corrupt('a posting leaves ' .. name .. ' out of range')
  end
  record[name] = value
end

local function shift_pocket(books, grant, name, change)
  shift(grant, name, change)
  shift(books, name, change)
end

-- Moves an amount and notes it for the journal; zero moves nothing.
local function post(draft, kind, amount, grant)
  if amount == 0 then
    return
  end
  local books, move = draft.books, MOVES[kind]
  if move.from then
    shift_pocket(books, grant, move.from, -amount)
  end
  if move.to then
    shift_pocket(books, grant, move.to, amount)
  end
  if kind == 'grant' then
    shift_pocket(books, grant, 'granted', amount)
  end
  for _, name in ipairs({ 'debt', 'charged', 'debt_held' }) do
    if move[name] then
      shift(books, name, move[name] * amount)
    end
  end
  if grant then
    books.touched[grant.id] = grant
  end
  draft.postings[#draft.postings + 1] = { kind, grant and grant.id or '', text(amount) }
end

local function pays_for(grant, labels)
  if not grant.models or not labels then
    return true
  end
  for _, model in ipairs(cjson.decode(grant.models)) do
    if labels[model] then
      return true
    end
  end
  return false
end

-- Priority, earliest expiry, promotional before paid, earliest effect, creation.
local function burns_before(left, right)
  if left.priority ~= right.priority then
    return left.priority < right.priority
  end
  if left.expires ~= right.expires then
    return left.expires < right.expires
  end
  if left.kind ~= right.kind then
    return left.kind == 'promotional'
  end
  if left.effective ~= right.effective then
    return left.effective < right.effective
  end
  return left.ordinal < right.ordinal
end

-- Grants with credit to spend now, in burn order; with labels (a set), only those that pay for one of them.
local function find_spendable(draft, labels)
  local spendable = {}
  for _, grant in ipairs(draft.books.grants) do
    local active = grant.is_void == '0' and grant.effective <= draft.now and draft.now < grant.expires
    if active and grant.remaining > 0 and pays_for(grant, labels) then
      spendable[#spendable + 1] = grant
    end
  end
  table.sort(spendable, burns_before)
  return spendable
end

-- Debt is repaid first, by any credit: while an account owes, it has nothing to spend.
local function repay_debt(draft)
  if draft.books.debt == 0 then
    return
  end
  for _, grant in ipairs(find_spendable(draft)) do
    post(draft, 'repay', math.min(grant.remaining, draft.books.debt), grant)
  end
end

-- Clamps time to the last entry's, expires what is due, repays debt.
local function begin_draft(books)
  local draft = { books = books, now = math.max(books.last_ms, read_clock()), postings = {}, cells = {}, plan = {} }
  for _, grant in ipairs(books.grants) do
    if grant.expires <= draft.now then
      post(draft, 'expire', grant.remaining, grant)
    end
  end
  repay_debt(draft)
  return draft
end
