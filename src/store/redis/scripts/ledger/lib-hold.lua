-- Making a hold. Mirrors src/domain/credit/hold-rules.ts.
--- @include ledger/lib-room

local ID_TOLERANCE_MS = 30000
local MAX_CELLS = 32

-- ARGV from `at` on: amount, least amount, tokens, lease in ms, model labels (JSON list), cells (JSON, lib-cells).
local function read_hold_terms(at)
  return {
    amount = tonumber(ARGV[at]), least = tonumber(ARGV[at + 1]), tokens = tonumber(ARGV[at + 2]),
    lease = tonumber(ARGV[at + 3]), labels = read_labels(ARGV[at + 4]), cells = read_cells(ARGV[at + 5]),
  }
end

local function find_hold_refusal(draft, named, terms)
  if draft.books.status ~= 'open' then
    return { draft.books.status }
  end
  if not named.id_ms or math.abs(named.id_ms - draft.now) > ID_TOLERANCE_MS then
    return { 'bad_time' }
  end
  local what = find_uncountable(terms) or #terms.cells > MAX_CELLS and 'cells'
  return what and { 'out_of_range', what } or nil
end

local function find_hold_answer(draft, named, terms)
  if find_end(draft.books, named) then
    return { 'done' }
  end
  return find_hold_refusal(draft, named, terms)
end

local function make_hold(draft, named, terms, fitting)
  local hold = {
    amount = 0, deadline = draft.now + terms.lease, created = draft.now, debt_held = 0, allocations = {}, cells = {},
  }
  allocate(draft, hold, fitting, terms.labels)
  for _, cell in ipairs(terms.cells) do
    hold_cell(draft, hold, cell, share_of(cell, fitting, terms.tokens))
  end
  put_hold(draft, named, hold)
  return hold
end

-- Answers the words of the reply.
local function hold_call(draft, named, terms)
  local cells = terms.cells
  load_cells(draft.books, cells)
  local present = find_hold(draft.books, named)
  if present then
    note_due(draft)
    return with_cells(draft, cells, with_balance(draft, { 'exists', text(present.amount) }))
  end
  local known = find_hold_answer(draft, named, terms)
  if known then
    note_due(draft)
    return known
  end
  local fitting, refusal = find_room(draft, cells, terms.labels, terms.amount, terms.least, terms.tokens)
  if fitting and find_full_cell(draft, cells, fitting, terms.tokens) then
    refusal = { 'out_of_range', 'cells' }
  end
  if refusal then
    note_due(draft)
    return refusal
  end
  local hold = make_hold(draft, named, terms, fitting)
  note(draft, {
    operation = 'hold', subject = named.id, amount = fitting, terms = '{"deadlineMs":' .. text(hold.deadline) .. '}',
  })
  return with_cells(draft, cells, with_balance(draft, { 'held', text(fitting) }))
end
