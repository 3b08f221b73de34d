#!lua
--[[
Prolongs the lease of a hold and, where asked for more than it has, enlarges it in the same step.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 amount it shall have in all  6 lease in ms
      7 model labels (JSON list)  8 cells measured in money (JSON, lib-cells)

Replies  extended, amount, balance (14) | no_hold | insufficient_credit, available, needed, elsewhere
         quota_exceeded, index of the cell, room | out_of_range, what | closed | frozen | no_account
]]
--- @include ledger/lib-room
local MAX_HOLD_LIFE_MS = 24 * HOUR_MS
local target, lease = tonumber(ARGV[5]), tonumber(ARGV[6])

-- Never shortened, never past the longest life of a hold.
local function prolong(draft, hold)
  local wanted = math.min(draft.now + lease, hold.created + MAX_HOLD_LIFE_MS)
  hold.deadline = math.max(hold.deadline, wanted)
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local named = named_hold(3, K.ended_holds)
local hold = find_hold(books, named)
if not hold then
  answer(draft)
  return { 'no_hold' }
end
local more = target - hold.amount
if more <= 0 then
  prolong(draft, hold)
  put_hold(draft, named, hold)
  note_due(draft)
  save_holds(draft)
  return with_balance(draft, { 'extended', text(hold.amount) })
end

local refusal, fitting
local cells, shares = read_cells(books, ARGV[8])
local labels = read_labels(ARGV[7])
if books.status ~= 'open' then
  refusal = { books.status }
elseif target > MAX_NUMBER then
  refusal = { 'out_of_range', 'amount' }
else
  load_cells(books)
  fitting, refusal = find_room(draft, cells, labels, more, more, 0)
  shares = find_shares(cells, more, 0)
  if fitting and has_full_cell(cells, shares) then
    refusal = { 'out_of_range', 'cells' }
  end
end
if refusal then
  answer(draft)
  return refusal
end

prolong(draft, hold)
allocate(draft, hold, more, labels)
hold_cells(draft, hold, cells, shares)
put_hold(draft, named, hold)
note(draft, { operation = 'extend', subject = named.id, amount = more })
save_holds(draft)
return with_balance(draft, { 'extended', text(hold.amount) })
