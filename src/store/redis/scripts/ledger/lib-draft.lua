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
  refund = { from = 'spent', to = 'remaining', charged = -1 },
  debt = { debt = 1, charged = 1 },
  debt_refund = { debt = -1, charged = -1 },
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
