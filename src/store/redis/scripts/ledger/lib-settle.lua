-- Charging a call. Mirrors src/domain/credit/settle-rules.ts.
--- @include ledger/lib-room

-- ARGV from `at` on: amount, tokens, model labels (JSON list), cells (JSON, lib-cells), details (JSON) or ''.
local function read_settle_terms(at)
  return {
    amount_text = ARGV[at], amount = tonumber(ARGV[at]), tokens = tonumber(ARGV[at + 1]),
    labels = read_labels(read_list(at + 2)), cells = read_list(at + 3), details = ARGV[at + 4],
  }
end

-- The answer to a settle that finds no open hold; nil: charge it late.
local function find_settle_answer(draft, named, terms)
  local ended = find_end(draft.books, named)
  if not ended then
    return is_too_old(draft, named) and { 'too_old' } or nil
  end
  if ended.state == 'reclaimed' then
    return nil
  end
  -- Texts are compared: an amount out of range must not be rounded into the one charged.
  return { ended.state ~= 'released' and ended.amount == terms.amount_text and 'duplicate' or 'conflict' }
end

local function find_settle_out_of_range(draft, terms)
  local what = find_uncountable(terms) or draft.books.charged > MAX_NUMBER - terms.amount and 'charged'
  return what and { 'out_of_range', what } or nil
end

-- Draws on live credit what the hold did not cover, and owes the rest.
local function charge(draft, hold, terms)
  local uncovered = hold and give_back(draft, hold, terms.amount) or terms.amount
  draw_credit(draft, uncovered, terms.labels)
  return math.max(uncovered - (hold and hold.debt_held or 0), 0)
end

-- Answers the words of the reply.
local function settle_call(draft, named, terms)
  local hold, list = find_hold(draft.books, named), read_cells(draft.books, terms.cells)
  local known = not hold and find_settle_answer(draft, named, terms) or find_settle_out_of_range(draft, terms)
  if known then
    note_due(draft)
    return known
  end
  local overage = charge(draft, hold, terms)
  load_cells(draft.books)
  for index = 1, #list.terms do
    local term = list.terms[index]
    local used = term[MEASURE] == 'concurrency' and 0 or share_of(term, terms.amount, terms.tokens)
    change_cell(draft, list.cells[index], 0, used)
  end
  end_hold(draft, named, hold and 'settled' or 'late', terms.amount)
  local operation = hold and 'settle' or 'late'
  note(draft, { operation = operation, subject = named.id, amount = terms.amount, details = terms.details })
  return with_balance(draft, { hold and 'settled' or 'late', text(overage) })
end
