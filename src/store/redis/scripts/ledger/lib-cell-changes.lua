-- What becomes of quota cells: their changes, and what is written of them.
--- @include ledger/lib-cells

-- Cells stay readable for 40 days after their window; those that have ended go a few at a time, with other writes.
local CELL_LIFE_MS = 40 * 86400000
local CELLS_CLEANED = 4

-- The server hashes a text whenever one is made, byte by byte: what is written of many cells is therefore joined once,
-- out of pieces that are the same in many of them. The cells of one measure all change by the same.
local held_endings, last_ending = {}, {}

local function write_ending(held, used)
  if used == 0 then
    held_endings[held] = held_endings[held] or text(held) .. '","0"]'
    return held_endings[held]
  end
  if last_ending.held ~= held or last_ending.used ~= used then
    last_ending = { held = held, used = used, text = text(held) .. '","' .. text(used) .. '"]' }
  end
  return last_ending.text
end

-- Notes a change for the journal: what a transition does to a cell is one change.
local function note_change(pieces, cell, held, used)
  local count = #pieces
  if cell.pieces ~= pieces then
    cell.pieces, cell.place, cell.noted_held, cell.noted_used = pieces, count + 2, 0, 0
    pieces[count + 1] = count == 0 and '[' .. string.sub(cell.opening, 2) or cell.opening
  end
  cell.noted_held, cell.noted_used = cell.noted_held + held, cell.noted_used + used
  pieces[cell.place] = write_ending(cell.noted_held, cell.noted_used)
end

-- A change of nothing is not noted. Use stops at what can be computed exactly.
local function change_cell(draft, cell, change, asked)
  local held, used = cell.held + change, math.min(asked, MAX_NUMBER - cell.used)
  if change == 0 and used == 0 then
    return
  end
  if held < 0 or held > MAX_NUMBER or used < 0 then
    corrupt('a change leaves a cell out of range')
  end
  cell.held, cell.used = held, cell.used + used
  note_change(draft.cells, cell, change, used)
  draft.changed_cells[cell.field] = cell
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
  local values, ends, lives = { 'HSET', K.cells }, { 'ZADD', K.cell_ends, 'NX' }, {}
  for field, cell in pairs(draft.changed_cells) do
    values[#values + 1] = field
    values[#values + 1] = text(cell.used) .. ';' .. text(cell.held)
    if cell.ends ~= '' then
      lives[cell.ends] = lives[cell.ends] or text(tonumber(cell.ends) + CELL_LIFE_MS)
      ends[#ends + 1] = lives[cell.ends]
      ends[#ends + 1] = field
    end
  end
  draft.plan[#draft.plan + 1] = values
  if #ends > 3 then
    draft.plan[#draft.plan + 1] = ends
  end
  plan_old_cells(draft)
end

-- Appends used and held of each cell, in the order the caller named them.
local function with_cells(list, words)
  local count, cells = #words, list.cells
  for index = 1, #cells do
    local cell = cells[index]
    words[count + 2 * index - 1], words[count + 2 * index] = text(cell.used), text(cell.held)
  end
  return words
end
