-- Quota cells. A cell is named by its quota and window; one hash of the account holds them all.
--- @include ledger/lib-reply

-- Begins a change of the cell, and a hold's share in it, in a JSON list, behind another one.
local function write_opening(quota, window, is_escaped)
  if is_escaped then
    return ',' .. string.sub(cjson.encode({ quota, window }), 1, -2) .. ',"'
  end
  return ',["' .. quota .. '","' .. window .. '","'
end

-- JSON without a backslash has nothing in its strings that has to be escaped.
local function has_escapes(json)
  return string.find(json, '\\', 1, true) ~= nil
end

-- The cell of that name, one for the whole script; load_cells is to be called before it is looked at. A quota's cells
-- hang one behind the other: a script seldom has more than one.
local function find_cell(books, quota, window, is_escaped)
  local first = books.cells[quota]
  local cell = first
  while cell do
    if cell.window == window then
      return cell
    end
    cell = cell.following
  end
  cell = {
    window = window, following = first, field = quota .. '@' .. window, used = 0, held = 0, ends = '',
    opening = write_opening(quota, window, is_escaped),
  }
  books.cells[quota] = cell
  books.unread_cells[#books.unread_cells + 1] = cell
  return cell
end

-- Cells as the caller names them: a JSON list of { quota, window, measure, limit, mode, end in ms or '', requests }.
local MEASURE, LIMIT, MODE, ENDS, COUNT = 3, 4, 5, 6, 7

-- The cells, what is asked of each, and whether none is named twice. Calls of one key have the same text as a rule: a
-- script reads it once.
local function read_cells(books, argument)
  local list = books.cell_lists[argument]
  if list then
    return list
  end
  list = { cells = {}, terms = cjson.decode(argument), is_plain = true }
  local is_escaped = has_escapes(argument)
  for index, term in ipairs(list.terms) do
    local cell = find_cell(books, term[1], term[2], is_escaped)
    list.cells[index] = cell
    list.is_plain = list.is_plain and cell.list ~= list
    cell.list = list
    cell.ends = cell.ends ~= '' and cell.ends or term[ENDS]
    term[LIMIT] = tonumber(term[LIMIT])
  end
  books.cell_lists[argument] = list
  return list
end

-- Loads what is not loaded yet; a cell never written is zero.
local function load_cells(books)
  local unread, fields = books.unread_cells, {}
  if #unread == 0 then
    return
  end
  for index, cell in ipairs(unread) do
    fields[index] = cell.field
  end
  for index, value in ipairs(redis.call('HMGET', K.cells, unpack(fields))) do
    if value then
      local used, held = string.match(value, '^(%d+);(%d+)$')
      unread[index].used, unread[index].held = tonumber(used), tonumber(held)
    end
  end
  books.unread_cells = {}
end

-- A call's share in a cell. Open calls count one each, and so do requests but for those of a batch.
local function share_of(term, amount, tokens)
  local measure = term[MEASURE]
  if measure == 'usd' then
    return amount
  end
  if measure == 'tokens' then
    return tokens
  end
  return measure == 'requests' and term[COUNT] or 1
end

-- The share in each cell of a list.
local function find_shares(list, amount, tokens)
  local shares, terms = {}, list.terms
  for index = 1, #terms do
    shares[index] = share_of(terms[index], amount, tokens)
  end
  return shares
end

-- Whether a cell would hold more than can be computed exactly.
local function has_full_cell(list, shares)
  local cells = list.cells
  for index = 1, #cells do
    if cells[index].held > MAX_NUMBER - shares[index] then
      return true
    end
  end
  return false
end
