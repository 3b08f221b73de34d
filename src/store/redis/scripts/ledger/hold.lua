#!lua
--[[
Reserves credit and quota cells in one step, all or nothing.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 amount  6 least amount  7 tokens  8 lease in ms
      9 model labels (JSON list)  10 cells (JSON, lib-cells)

Replies  held (joined) | exists, each with amount, balance (14), used and held of each cell | done
         insufficient_credit, available, needed, elsewhere | quota_exceeded, index of the cell, room
         bad_time | out_of_range, what | closed | frozen | no_account
]]
--- @include ledger/lib-room
local ID_TOLERANCE_MS = 30000
local MAX_CELLS = 32
local amount, least, tokens, lease = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])

local function find_refusal(draft, cells)
  if draft.books.status ~= 'open' then
    return { draft.books.status }
  end
  if not ID_MS or math.abs(ID_MS - draft.now) > ID_TOLERANCE_MS then
    return { 'bad_time' }
  end
  if amount < 0 or amount > MAX_NUMBER then
    return { 'out_of_range', 'amount' }
  end
  if tokens < 0 or tokens > MAX_NUMBER then
    return { 'out_of_range', 'tokens' }
  end
  if #cells > MAX_CELLS then
    return { 'out_of_range', 'cells' }
  end
  return nil
end

local function find_answer(draft, hold, cells)
  if hold then
    return with_cells(draft, cells, with_balance(draft, { 'exists', text(hold.amount) }))
  end
  if load_tombstone() then
    return { 'done' }
  end
  return find_refusal(draft, cells)
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local cells = read_cells(ARGV[10])
load_cells(books, cells)
local known = find_answer(draft, load_hold(books), cells)
if known then
  answer(draft)
  return known
end
local labels = read_labels(ARGV[9])
local fitting, refusal = find_room(draft, cells, labels, amount, least, tokens)
if fitting and find_full_cell(draft, cells, fitting, tokens) then
  refusal = { 'out_of_range', 'cells' }
end
if refusal then
  answer(draft)
  return refusal
end

local hold = {
  amount = 0, deadline = draft.now + lease, created = draft.now, debt_held = 0, allocations = {}, cells = {},
}
allocate(draft, hold, fitting, labels)
for _, cell in ipairs(cells) do
  hold_cell(draft, hold, cell, share_of(cell, fitting, tokens))
end
plan_hold(draft, hold)
plan_cells(draft)
local terms = '{"deadlineMs":' .. text(hold.deadline) .. '}'
commit(draft, { operation = 'hold', subject = HOLD_ID, amount = fitting, terms = terms })
return joined(with_cells(draft, cells, with_balance(draft, { 'held', text(fitting) })))
