-- Giving a hold back whole. Mirrors src/domain/credit/settle-rules.ts.
--- @include ledger/lib-save-holds

-- ARGV `at`: details (JSON) or ''.
local function read_release_terms(at)
  return { details = ARGV[at] }
end

local function find_release_answer(draft, named)
  local ended = find_end(draft.books, named)
  if ended then
    return { ended.state == 'released' and 'duplicate' or 'done' }
  end
  return is_too_old(draft, named) and { 'done' } or nil
end

-- Answers the words of the reply.
local function release_call(draft, named, terms)
  local hold = find_hold(draft.books, named)
  local known = not hold and find_release_answer(draft, named)
  if known then
    note_due(draft)
    return known
  end
  if hold then
    give_back(draft, hold, 0)
  end
  end_hold(draft, named, 'released', 0)
  local amount = hold and hold.amount or 0
  note(draft, { operation = 'release', subject = named.id, amount = amount, details = terms.details })
  return with_balance(draft, { 'released' })
end
