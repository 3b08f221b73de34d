-- Holds and what is left of them. A script knows of a hold what it has read or done: what is written at its end is how
-- each came out of it.
--- @include ledger/lib-cell-changes

local HOUR_MS = 3600000
local TOMBSTONE_LIFE_MS = 72 * HOUR_MS

-- The hold that a command names: ARGV `at` is its id, the next one the instant inside that id in ms, or '' when it is
-- no hold id. `ended`: the key of the holds that ended, of the hour of that instant.
local function named_hold(at, ended)
  return { id = ARGV[at], id_ms = tonumber(ARGV[at + 1]), ended = ended }
end

local function read_hold(books, record)
  local hold = cjson.decode(record)
  for _, name in ipairs({ 'amount', 'deadline', 'created', 'debt_held' }) do
    hold[name] = tonumber(hold[name]) or corrupt('a hold lacks a number')
  end
  local cells, shares, is_escaped = {}, {}, has_escapes(record)
  for index, part in ipairs(hold.cells or {}) do
    cells[index], shares[index] = find_cell(books, part[1], part[2], is_escaped), tonumber(part[3])
  end
  hold.cells, hold.shares = cells, shares
  hold.allocations = hold.allocations or {}
  for _, part in ipairs(hold.allocations) do
    part[2] = tonumber(part[2])
  end
  return hold
end

-- The open hold; nil when there is none.
local function find_hold(books, named)
  local hold = books.holds[named.id]
  if hold == nil then
    local record = redis.call('HGET', K.holds, named.id)
    hold = record and read_hold(books, record)
    books.holds[named.id] = hold
  end
  return hold or nil
end

local function read_end(record)
  local state, amount = string.match(record or '', '^(%a+);(%d+);%d+$')
  return record and { state = state, amount = amount }
end

-- How the hold ended: settled, released, reclaimed or late, at which amount (text); nil when it has not.
local function find_end(books, named)
  if books.ended[named.id] == nil then
    books.ended[named.id] = read_end(redis.call('HGET', named.ended, named.id))
  end
  return books.ended[named.id] or nil
end

-- Notes a hold that was made or changed.
local function put_hold(draft, named, hold)
  draft.books.holds[named.id] = hold
  draft.changed_holds[named.id] = named
end

-- Notes how a hold ended, known before or not.
local function end_hold(draft, named, state, amount)
  draft.books.holds[named.id] = false
  draft.books.ended[named.id] = { state = state, amount = text(amount) }
  draft.changed_holds[named.id] = named
end

-- An id that cannot be read is too old.
local function is_too_old(draft, named)
  return not named.id_ms or draft.now - named.id_ms > TOMBSTONE_LIFE_MS
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
  load_cells(draft.books)
  local cells, shares = hold.cells, hold.shares
  for index = 1, #cells do
    change_cell(draft, cells[index], -shares[index], 0)
  end
  return missing
end
