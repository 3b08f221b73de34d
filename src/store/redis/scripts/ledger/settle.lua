#!lua
--[[
Charges a call at its true cost, exactly once, even when its hold was reclaimed or lost.

KEYS  as named in lib-books
ARGV  1 account id  2 now  3 hold id  4 instant in the id or ''  5 amount  6 tokens  7 model labels (JSON list)
      8 cells (JSON, lib-cells)  9 details (JSON) or ''

Replies  settled | late, each with overage and balance (14), joined | duplicate | conflict | too_old | out_of_range, what
         no_account
]]
--- @include ledger/lib-room
local amount, tokens = tonumber(ARGV[5]), tonumber(ARGV[6])

-- The answer to a settle that finds no open hold; nil: charge it late.
local function find_answer(draft)
  local tombstone = load_tombstone()
  if not tombstone then
    return is_too_old(draft) and { 'too_old' } or nil
  end
  if tombstone.state == 'reclaimed' then
    return nil
  end
  -- Texts are compared: an amount out of range must not be rounded into the one charged.
  return { tombstone.state ~= 'released' and tombstone.amount == ARGV[5] and 'duplicate' or 'conflict' }
end

local function find_out_of_range(draft)
  if amount < 0 or amount > MAX_NUMBER then
    return { 'out_of_range', 'amount' }
  end
  if tokens < 0 or tokens > MAX_NUMBER then
    return { 'out_of_range', 'tokens' }
  end
  if draft.books.charged > MAX_NUMBER - amount then
    return { 'out_of_range', 'charged' }
  end
  return nil
end

-- Draws on live credit what the hold did not cover, and owes the rest.
local function charge(draft, hold, labels)
  local uncovered = hold and give_back(draft, hold, amount) or amount
  draw_credit(draft, uncovered, labels)
  return math.max(uncovered - (hold and hold.debt_held or 0), 0)
end

local books = load_books()
if not books then
  return { 'no_account' }
end
local draft = begin_draft(books)
local hold = load_hold(books)
local cells = read_cells(ARGV[8])
load_cells(books, cells)
local known = not hold and find_answer(draft) or find_out_of_range(draft)
if known then
  answer(draft)
  return known
end

local overage = charge(draft, hold, read_labels(ARGV[7]))
for _, cell in ipairs(cells) do
  local used = cell.measure == 'concurrency' and 0 or share_of(cell, amount, tokens)
  change_cell(draft, cell, 0, used)
end
plan_end(draft, hold and 'settled' or 'late', amount)
plan_cells(draft)
local operation = hold and 'settle' or 'late'
commit(draft, { operation = operation, subject = HOLD_ID, amount = amount, details = ARGV[9] })
return joined(with_balance(draft, { hold and 'settled' or 'late', text(overage) }))
