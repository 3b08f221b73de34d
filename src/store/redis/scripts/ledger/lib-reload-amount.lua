-- How much a reload is to be. Mirrors src/domain/credit/reload-rules.ts.
--- @include ledger/lib-reload
local CENT = 10000000

local function unspent(books)
  return books.remaining + books.held - books.debt
end

-- What a call of these models (a set) could be paid from if all that is held came back.
local function within_reach(draft, labels)
  local sum = draft.books.held
  for grant in each_spendable(draft, labels) do
    sum = sum + grant.remaining
  end
  return sum
end

-- fmod is exact where a quotient would not be.
local function round_up(amount, step)
  if amount <= 0 then
    return 0
  end
  local rest = math.fmod(amount, step)
  return rest == 0 and amount or amount - rest + step
end

local function wanted_amount(draft, reload, room)
  if reload.mode == 'target' then
    return round_up(math.min(reload.amount - unspent(draft.books), room), CENT)
  end
  return round_up(math.min(math.max(reload.threshold - unspent(draft.books), 1), room), reload.amount)
end
