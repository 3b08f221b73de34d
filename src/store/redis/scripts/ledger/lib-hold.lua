-- Making a hold. Mirrors src/domain/credit/hold-rules.ts.
--- @include ledger/lib-room

local ID_TOLERANCE_MS = 30000
local MAX_CELLS = 32

-- ARGV from `at` on: amount, least amount, tokens, lease in ms, model labels (JSON list), cells (JSON, lib-cells).
local function read_hold_terms(at)
  return {
    amount = tonumber(ARGV[at]), least = tonumber(ARGV[at + 1]), tokens = tonumber(ARGV[at + 2]),
    lease = tonumber(ARGV[at + 3]), labels = read_labels(read_list(at + 4)), cells = read_list(at + 5),
  }
end

local function find_hold_refusal(draft, named, terms, list)
  if draft.books.status ~= 'open' then
    return { draft.books.status }
  end
  if not named.id_ms or math.abs(named.id_ms - draft.now) > ID_TOLERANCE_MS then
    return { 'bad_time' }
  end
  local what = find_uncountable(terms) or #list.cells > MAX_CELLS and 'cells'
  return what and { 'out_of_range', what } or nil
end

local function find_hold_answer(draft, named, terms, list)
  if find_end(draft.books, named) then
    return { 'done' }
  end
  return find_hold_refusal(draft, named, terms, list)
end

local function make_hold(draft, named, terms, fitting, list, shares)
  local hold = {
    amount = 0, deadline = draft.now + terms.lease, created = draft.now, debt_held = 0, allocations = {}, cells = {}, shares = {},
  }
  allocate(draft, hold, fitting, terms.labels)
  hold_cells(draft, hold, list, shares)
  put_hold(draft, named, hold)
  return hold
end

-- Answers the words of the reply.
local function hold_call(draft, named, terms)
  local present, list = find_hold(draft.books, named), read_cells(draft.books, terms.cells)
  load_cells(draft.books)
  if present then
    note_due(draft)
    return with_cells(list, with_balance(draft, { 'exists', text(present.amount) }))
  end
  local known = find_hold_answer(draft, named, terms, list)
  if known then
    note_due(draft)
    return known
  end
  local fitting, refusal = find_room(draft, list, terms.labels, terms.amount, terms.least, terms.tokens)
  local shares = fitting and find_shares(list, fitting, terms.tokens)
  if fitting and has_full_cell(list, shares) then
    refusal = { 'out_of_range', 'cells' }
  end
  if refusal then
    note_due(draft)
    return refusal
  end
  local hold = make_hold(draft, named, terms, fitting, list, shares)
  note(draft, {
    operation = 'hold', subject = named.id, amount = fitting, terms = '{"deadlineMs":' .. text(hold.deadline) .. '}',
  })
  return with_cells(list, with_balance(draft, { 'held', text(fitting) }))
end
