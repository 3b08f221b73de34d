-- The beginning of a transition: what is due by time, then debt.
--- @include ledger/lib-burn

-- Debt is repaid first, by any credit: while an account owes, it has nothing to spend.
local function repay_debt(draft)
  if draft.books.debt == 0 then
    return
  end
  for grant in each_spendable(draft) do
    post(draft, 'repay', math.min(grant.remaining, draft.books.debt), grant)
    if draft.books.debt == 0 then
      return
    end
  end
end

local function by_ordinal(left, right)
  return left.ordinal < right.ordinal
end

local function expire_due(draft)
  local ids = redis.call('ZRANGE', K.expiries, '-inf', text(draft.now), 'BYSCORE')
  local due = load_grants(draft.books, ids)
  table.sort(due, by_ordinal)
  for _, grant in ipairs(due) do
    post(draft, 'expire', grant.remaining, grant)
  end
end

-- Clamps time to the last entry's, expires what is due, repays debt. Later transitions on the same draft have nothing
-- of that left to do: they are of the same instant, and each ends with debt repaid as far as credit goes.
local function begin_draft(books)
  local now = math.max(books.last_ms, read_clock())
  local draft = {
    books = books, now = now, postings = {}, cells = {}, entries = {}, plan = {}, changed_cells = {}, changed_holds = {},
    joined = {},
  }
  if books.due_ms ~= 0 and books.due_ms <= draft.now then
    expire_due(draft)
  end
  draft.owed = books.debt > 0
  repay_debt(draft)
  return draft
end
