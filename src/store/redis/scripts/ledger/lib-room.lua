-- How much fits into credit and quota cells, and taking it.
--- @include ledger/lib-save-holds
--- @include ledger/lib-lists

-- Which of the amount and the tokens of a call is out of range; nil when neither is.
local function find_uncountable(terms)
  for _, name in ipairs({ 'amount', 'tokens' }) do
    if terms[name] < 0 or terms[name] > MAX_NUMBER then
      return name
    end
  end
  return nil
end

-- Spendable grants that pay for the model, and the room left on the credit limit; counted no further than `enough`.
-- Second, where that was not reached, what grants for other models have.
local function find_credit(draft, labels, enough)
  local books = draft.books
  local credit, elsewhere = math.max(books.limit - books.debt - books.debt_held, 0), 0
  local next_grant = each_spendable(draft)
  while credit < enough do
    local grant = next_grant()
    if not grant then
      break
    end
    if pays_for(grant, labels) then
      credit = credit + grant.remaining
    else
      elsewhere = elsewhere + grant.remaining
    end
  end
  return credit, elsewhere
end

-- Answers how much of `wanted` fits into credit and every hard cell, or nil and a refusal when that is below `least`.
local function find_room(draft, list, labels, wanted, least, tokens)
  local available, elsewhere = find_credit(draft, labels, math.max(wanted, least))
  if available < least then
    return nil, { 'insufficient_credit', text(available), text(least), text(elsewhere) }
  end
  local amount = math.min(wanted, available)
  local terms, list_cells = list.terms, list.cells
  for index = 1, #terms do
    local term = terms[index]
    if term[MODE] == 'hard' then
      local limit, cell = term[LIMIT], list_cells[index]
      local room = limit - cell.used - cell.held
      if limit == 0 or room < share_of(term, least, tokens) then
        return nil, { 'quota_exceeded', text(index - 1), text(math.max(room, 0)) }
      end
      if term[MEASURE] == 'usd' then
        amount = math.min(amount, room)
      end
    end
  end
  return amount
end

local function add_allocation(hold, id, amount)
  for _, part in ipairs(hold.allocations) do
    if part[1] == id then
      part[2] = part[2] + amount
      return
    end
  end
  hold.allocations[#hold.allocations + 1] = { id, amount }
end

-- Takes an amount that is known to fit: grants in burn order, then the credit limit.
local function allocate(draft, hold, amount, labels)
  local missing = amount
  local next_grant = each_spendable(draft, labels)
  while missing > 0 do
    local grant = next_grant()
    if not grant then
      break
    end
    local part = math.min(grant.remaining, missing)
    post(draft, 'hold', part, grant)
    add_allocation(hold, grant.id, part)
    missing = missing - part
  end
  post(draft, 'debt_hold', missing)
  hold.debt_held = hold.debt_held + missing
  hold.amount = hold.amount + amount
end

local function add_share(hold, cell, share)
  for index, present in ipairs(hold.cells) do
    if present == cell then
      hold.shares[index] = hold.shares[index] + share
      return
    end
  end
  table.insert(hold.cells, cell)
  table.insert(hold.shares, share)
end

-- Holds its share in each cell of a list; a share of nothing is not kept.
local function hold_cells(draft, hold, list, shares)
  local is_first = list.is_plain and #hold.cells == 0
  for index = 1, #list.cells do
    local cell, share = list.cells[index], shares[index]
    change_cell(draft, cell, share, 0)
    if share ~= 0 and is_first then
      hold.cells[#hold.cells + 1] = cell
      hold.shares[#hold.shares + 1] = share
    elseif share ~= 0 then
      add_share(hold, cell, share)
    end
  end
end
