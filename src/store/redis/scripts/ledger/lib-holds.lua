-- Holds and what is left of them. ARGV 3 of every script with this include is the hold id, ARGV 4 the instant inside
-- that id in ms, or '' when it is no hold id.
--- @include ledger/lib-cells

local HOLD_ID = ARGV[3]
local ID_MS = tonumber(ARGV[4])
local HOUR_MS = 3600000
local TOMBSTONE_LIFE_MS = 72 * HOUR_MS

local function load_hold(books)
  local record = redis.call('HGET', K.holds, HOLD_ID)
  if not record then
    return nil
  end
  local hold = cjson.decode(record)
  for _, name in ipairs({ 'amount', 'deadline', 'created', 'debt_held' }) do
    hold[name] = tonumber(hold[name]) or corrupt('a hold lacks a number')
  end
  local cells = {}
  for index, part in ipairs(hold.cells or {}) do
    cells[index] = { quota = part[1], window = part[2], held = tonumber(part[3]) }
  end
  hold.cells = cells
  hold.allocations = hold.allocations or {}
  for _, part in ipairs(hold.allocations) do
    part[2] = tonumber(part[2])
  end
  load_cells(books, cells)
  return hold
end

local function plan_hold(draft, hold)
  local record = {
    amount = text(hold.amount), deadline = text(hold.deadline), created = text(hold.created),
    debt_held = text(hold.debt_held),
  }
  -- An empty list is left out: cjson cannot tell it from an empty object.
  for index, part in ipairs(hold.allocations) do
    record.allocations = record.allocations or {}
    record.allocations[index] = { part[1], text(part[2]) }
  end
  for index, cell in ipairs(hold.cells) do
    record.cells = record.cells or {}
    record.cells[index] = { cell.quota, cell.window, text(cell.held) }
  end
  plan(draft, 'HSET', K.holds, HOLD_ID, cjson.encode(record))
  plan(draft, 'ZADD', K.due_holds, text(hold.deadline), ACCOUNT_ID .. '|' .. HOLD_ID)
end

-- How the hold ended: settled, released, reclaimed or late, at which amount (text); nil when it has not.
local function load_tombstone()
  local record = redis.call('HGET', K.tombstones, HOLD_ID)
  if not record then
    return nil
  end
  local state, amount = string.match(record, '^(%a+);(%d+);%d+$')
  return { state = state, amount = amount }
end

-- All tombstones of an hour of ids go together, when no settle of such an id can be accepted any more.
local function plan_end(draft, state, amount)
  local ends = (math.floor(ID_MS / HOUR_MS) + 1) * HOUR_MS + TOMBSTONE_LIFE_MS
  local record = state .. ';' .. text(amount) .. ';' .. text(draft.now)
  plan(draft, 'HDEL', K.holds, HOLD_ID)
  plan(draft, 'ZREM', K.due_holds, ACCOUNT_ID .. '|' .. HOLD_ID)
  plan(draft, 'HSET', K.tombstones, HOLD_ID, record)
  plan(draft, 'PEXPIRE', K.tombstones, text(math.max(ends - draft.now, HOUR_MS)))
end

-- An id that cannot be read is too old.
local function is_too_old(draft)
  return not ID_MS or draft.now - ID_MS > TOMBSTONE_LIFE_MS
end

local function remove_unspendable(draft, grant)
  if grant.is_void == '1' then
    post(draft, 'void', grant.remaining, grant)
  elseif grant.expires <= draft.now or draft.books.status == 'closed' then
    post(draft, 'expire', grant.remaining, grant)
  end
end

-- Empties a hold: the first `charge` of its allocations is spent, in burn order, the rest returns to its grants.
-- Answers the part of the charge that no allocation covered.
local function give_back(draft, hold, charge)
  local missing, ids = charge, {}
  for index, part in ipairs(hold.allocations) do
    ids[index] = part[1]
  end
  local grants = load_grants(draft.books, ids)
  for index, part in ipairs(hold.allocations) do
    local grant = grants[index]
    local spent = math.min(part[2], missing)
    post(draft, 'settle', spent, grant)
    post(draft, 'unhold', part[2] - spent, grant)
    missing = missing - spent
    remove_unspendable(draft, grant)
  end
  post(draft, 'debt_unhold', hold.debt_held)
  for _, cell in ipairs(hold.cells) do
    change_cell(draft, cell, -cell.held, 0)
  end
  return missing
end
