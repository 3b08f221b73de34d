-- How the holds of a script came out of it, and the end of that script.
--- @include ledger/lib-holds

local share_endings = {}

local function write_hold(hold)
  local record = {
    amount = text(hold.amount), deadline = text(hold.deadline), created = text(hold.created),
    debt_held = text(hold.debt_held),
  }
  -- An empty list is left out: cjson cannot tell it from an empty object.
  for index, part in ipairs(hold.allocations) do
    record.allocations = record.allocations or {}
    record.allocations[index] = { part[1], text(part[2]) }
  end
  local written = cjson.encode(record)
  if #hold.cells == 0 then
    return written
  end
  local pieces = { string.sub(written, 1, -2), ',"cells":[' }
  for index = 1, #hold.cells do
    local opening, share = hold.cells[index].opening, hold.shares[index]
    share_endings[share] = share_endings[share] or text(share) .. '"]'
    pieces[2 * index + 1] = index == 1 and string.sub(opening, 2) or opening
    pieces[2 * index + 2] = share_endings[share]
  end
  pieces[#pieces + 1] = ']}'
  return table.concat(pieces)
end

-- All tombstones of an hour of ids go together, when no settle of such an id can be accepted any more.
local function plan_end(draft, named, ended)
  local ends = (math.floor(named.id_ms / HOUR_MS) + 1) * HOUR_MS + TOMBSTONE_LIFE_MS
  plan_joined(draft, { 'HDEL', K.holds }, named.id)
  plan_joined(draft, { 'ZREM', K.due_holds }, ACCOUNT_ID .. '|' .. named.id)
  plan_joined(draft, { 'HSET', named.ended }, named.id, ended.state .. ';' .. ended.amount .. ';' .. text(draft.now))
  return text(math.max(ends - draft.now, HOUR_MS))
end

local function plan_holds(draft)
  local lives = {}
  for id, named in pairs(draft.changed_holds) do
    local hold = draft.books.holds[id]
    if hold then
      plan_joined(draft, { 'HSET', K.holds }, id, write_hold(hold))
      plan_joined(draft, { 'ZADD', K.due_holds }, text(hold.deadline), ACCOUNT_ID .. '|' .. id)
    else
      lives[named.ended] = plan_end(draft, named, draft.books.ended[id])
    end
  end
  for key, life in pairs(lives) do
    plan(draft, 'PEXPIRE', key, life)
  end
end

-- Writes what was done to holds and cells, and all else.
local function save_holds(draft)
  plan_holds(draft)
  plan_cells(draft)
  save(draft)
end
