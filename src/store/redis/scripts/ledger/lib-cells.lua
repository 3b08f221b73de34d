-- Quota cells. A cell is named by its quota and window; one hash of the account holds them all.
--- @include ledger/lib-reply

-- Cells stay readable for 40 days after their window; those that have ended go a few at a time, with other writes.
local CELL_LIFE_MS = 40 * 86400000
local CELLS_CLEANED = 4

-- Cells as the caller names them: a list of { quota, window, measure, limit, mode, end in ms or '', requests }.
local function read_cells(argument)
  local cells = {}
  for index, part in ipairs(cjson.decode(argument)) do
    cells[index] = {
      quota = part[1], window = part[2], measure = part[3], limit = tonumber(part[4]), mode = part[5], ends = part[6],
      count = part[7],
    }
  end
  return cells
end

local function cell_field(cell)
  return cell.quota .. '@' .. cell.window
end

-- Loads what is not loaded yet; a cell never written is zero.
local function load_cells(books, cells)
  local fields = {}
  for _, cell in ipairs(cells) do
    local field = cell_field(cell)
    if not books.cells[field] then
      fields[#fields + 1] = field
      books.cells[field] = { used = 0, held = 0 }
    end
  end
  if #fields == 0 then
    return
  end
  for index, value in ipairs(redis.call('HMGET', K.cells, unpack(fields))) do
    if value then
      local used, held = string.match(value, '^(%d+);(%d+)$')
      local state = books.cells[fields[index]]
      state.used, state.held = tonumber(used), tonumber(held)
    end
  end
end

-- A call's share in a cell. Open calls count one each, and so do requests but for those of a batch.
local function share_of(cell, amount, tokens)
  if cell.measure == 'usd' then
    return amount
  end
  if cell.measure == 'tokens' then
    return tokens
  end
  return cell.measure == 'requests' and cell.count or 1
end

-- Whether a cell would hold more than can be computed exactly.
local function find_full_cell(draft, cells, amount, tokens)
  for _, cell in ipairs(cells) do
    if draft.books.cells[cell_field(cell)].held > MAX_NUMBER - share_of(cell, amount, tokens) then
      return cell
    end
  end
  return nil
end

-- A change of nothing is not noted. Use stops at what can be computed exactly.
local function change_cell(draft, cell, held, asked)
  local state = draft.books.cells[cell_field(cell)]
  local used = math.min(asked, MAX_NUMBER - state.used)
  if held == 0 and used == 0 then
    return
  end
  shift(state, 'held', held)
  shift(state, 'used', used)
  draft.cells[#draft.cells + 1] = { cell.quota, cell.window, text(held), text(used) }
  -- With its end once that is told: a hold tells it, what it gives back does not.
  local field, changed = cell_field(cell), draft.changed_cells
  changed[field] = changed[field] ~= '' and changed[field] or cell.ends or ''
end

local function plan_old_cells(draft)
  local fields = redis.call('ZRANGE', K.cell_ends, '-inf', text(draft.now), 'BYSCORE', 'LIMIT', 0, CELLS_CLEANED)
  for _, field in ipairs(fields) do
    local value = redis.call('HGET', K.cells, field)
    local in_use = value and not string.match(value, ';0$')
    if in_use or draft.changed_cells[field] then
      plan(draft, 'ZADD', K.cell_ends, text(draft.now + CELL_LIFE_MS), field)
    else
      plan(draft, 'HDEL', K.cells, field)
      plan(draft, 'ZREM', K.cell_ends, field)
    end
  end
end

-- Call before the draft is saved, once all cells are changed.
local function plan_cells(draft)
  if not next(draft.changed_cells) then
    return
  end
  for field, ends in pairs(draft.changed_cells) do
    local state = draft.books.cells[field]
    plan_joined(draft, { 'HSET', K.cells }, field, text(state.used) .. ';' .. text(state.held))
    if ends ~= '' then
      plan_joined(draft, { 'ZADD', K.cell_ends, 'NX' }, text(tonumber(ends) + CELL_LIFE_MS), field)
    end
  end
  plan_old_cells(draft)
end

-- Appends used and held of each cell, in the order the caller named them.
local function with_cells(draft, cells, words)
  for _, cell in ipairs(cells) do
    local state = draft.books.cells[cell_field(cell)]
    words[#words + 1] = text(state.used)
    words[#words + 1] = text(state.held)
  end
  return words
end
