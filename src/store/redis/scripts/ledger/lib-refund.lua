-- Where the charge of a call goes back to. Mirrors src/domain/credit/refund-rules.ts.
--- @include ledger/lib-holds

local MAX_GRANTS = 1000
local NAMED = named_hold(3, K.ended_holds)

-- The charge as the caller tells it: ARGV 7 to 9.
local function read_charge()
  local charge = { debt = tonumber(ARGV[8]), allocations = cjson.decode(ARGV[7]), fallbacks = cjson.decode(ARGV[9]) }
  charge.amount, charge.least = charge.debt, charge.debt
  for _, part in ipairs(charge.allocations) do
    part[2] = tonumber(part[2])
    charge.amount, charge.least = charge.amount + part[2], math.min(charge.least, part[2])
  end
  return charge
end

local function find_charge_out_of_range(charge)
  if #charge.allocations > MAX_GRANTS then
    return 'allocations'
  end
  if #charge.fallbacks > MAX_GRANTS then
    return 'grants'
  end
  return (charge.least < 0 or charge.amount > MAX_NUMBER) and 'charge' or nil
end

-- The hold and the amount, as written, of a refund or correction; nil when there is none of the id.
local function find_refund(id)
  local present = redis.call('HGET', KEYS[15], 'refund|' .. id)
  if present then
    return string.match(present, '^(.*);(-?%d+)$')
  end
end

-- Given back of this call so far; below zero where corrections have charged more.
local function refunded_before()
  return tonumber(redis.call('HGET', KEYS[15], 'hold|' .. NAMED.id) or '0')
end

local function plan_refund_record(draft, id, amount, refunded)
  plan(draft, 'HSET', KEYS[15], 'refund|' .. id, NAMED.id .. ';' .. text(amount), 'hold|' .. NAMED.id, text(refunded))
end

-- A grant named, ended or not; nil when there is none.
local function find_named(books, id)
  if not books.grants[id] then
    local grant = find_grant(books, id)
    if grant and not grant.is_live then
      grant.has_ended = true
      books.grants[id] = grant
    end
  end
  return books.grants[id]
end

local function place_on_debt(draft, planned, wanted)
  local placed = math.min(wanted, draft.books.debt - planned.debt)
  planned.debt = planned.debt + placed
  return placed
end

-- What another refund has put back on a grant is no longer spent there.
local function place_on_grant(draft, planned, id, wanted)
  local grant = wanted > 0 and find_named(draft.books, id)
  local before = planned.amounts[id] or 0
  local placed = grant and math.min(wanted, grant.spent - before) or 0
  if placed > 0 then
    if before == 0 then
      planned.grants[#planned.grants + 1] = grant
    end
    planned.amounts[id] = before + placed
  end
  return placed
end

-- Unwinds the charge from its end: its debt, then its allocations, last one first. nil when the grants named have not
-- that much spent. Moves nothing.
local function plan_refund(draft, charge, amount, before)
  local planned = { debt = 0, grants = {}, amounts = {} }
  -- Charged besides by corrections, and first to go back; from where it was taken is not remembered.
  local besides = math.min(math.max(-before, 0), amount)
  local skip, missing, unplaced = math.max(before, 0), amount - besides, besides
  for index = #charge.allocations + 1, 1, -1 do
    local part = charge.allocations[index] or { nil, charge.debt }
    local skipped = math.min(part[2], skip)
    local wanted = math.min(part[2] - skipped, missing)
    skip, missing = skip - skipped, missing - wanted
    if part[1] then
      unplaced = unplaced + wanted - place_on_grant(draft, planned, part[1], wanted)
    else
      unplaced = unplaced + wanted - place_on_debt(draft, planned, wanted)
    end
  end
  unplaced = unplaced - place_on_debt(draft, planned, unplaced)
  for _, id in ipairs(charge.fallbacks) do
    unplaced = unplaced - place_on_grant(draft, planned, id, unplaced)
  end
  return unplaced == 0 and planned or nil
end

local function post_refund(draft, planned)
  post(draft, 'debt_refund', planned.debt)
  for _, grant in ipairs(planned.grants) do
    post(draft, 'refund', planned.amounts[grant.id], grant)
    remove_unspendable(draft, grant)
  end
end
