-- The order in which credit is spent: priority, earliest expiry, promotional before paid, earliest effect, creation.
-- A sorted set holds every grant with credit to spend, or to come, under a member that sorts in this order; it is
-- walked page by page, so that a call costs the same however many grants an account has.
--- @include ledger/lib-draft

local PAGE = 8
-- Instants are shifted to be above zero, and are exact within it: some 126,000 years either side of 1970.
local EPOCH_SHIFT_MS = 4000000000000000
local SORT_WIDTH = 2 + 16 + 1 + 16 + 10

local function burn_member(grant)
  local expires = math.max(0, math.min(grant.expires + EPOCH_SHIFT_MS, 2 * EPOCH_SHIFT_MS))
  local effective = math.max(0, math.min(grant.effective + EPOCH_SHIFT_MS, 2 * EPOCH_SHIFT_MS))
  local kind = grant.kind == 'promotional' and 0 or 1
  return string.format('%02.0f%016.0f%1.0f%016.0f%010.0f', grant.priority, expires, kind, effective, grant.ordinal)
    .. grant.id
end

-- The same order between two grants; texts are not compared, since that would follow the server's locale.
local function burns_before(left, right)
  for _, name in ipairs({ 'priority', 'expires', 'kind', 'effective', 'ordinal' }) do
    if left[name] ~= right[name] then
      if name == 'kind' then
        return left.kind == 'promotional'
      end
      return left[name] < right[name]
    end
  end
  return false
end

local function load_burn_page(books, page)
  if not books.burn_pages[page] then
    local ids = {}
    for index, member in ipairs(redis.call('ZRANGE', K.burn, page * PAGE, page * PAGE + PAGE - 1)) do
      ids[index] = string.sub(member, SORT_WIDTH + 1)
    end
    books.burn_pages[page] = load_grants(books, ids)
  end
  return books.burn_pages[page]
end

-- Grants that have got credit in this very transition and are not in the index yet.
local function find_gained(books)
  local gained = {}
  for _, grant in pairs(books.grants) do
    if grant.remaining > 0 and not grant.is_indexed then
      gained[#gained + 1] = grant
    end
  end
  table.sort(gained, burns_before)
  return gained
end

local function pays_for(grant, labels)
  if not grant.models or not labels then
    return true
  end
  for _, model in ipairs(cjson.decode(grant.models)) do
    if labels[model] then
      return true
    end
  end
  return false
end

-- Walks grants with credit in burn order, those not yet in effect too.
local function each_grant(books)
  local gained, taken, page, at = find_gained(books), 1, 0, 1
  return function()
    if at > PAGE then
      page, at = page + 1, 1
    end
    local indexed = load_burn_page(books, page)[at]
    if gained[taken] and not (indexed and burns_before(indexed, gained[taken])) then
      taken = taken + 1
      return gained[taken - 1]
    end
    at = at + 1
    return indexed
  end
end

-- Walks grants with credit to spend now; with labels (a set), only those that pay for one of them.
local function each_spendable(draft, labels)
  local next_grant = each_grant(draft.books)
  return function()
    local grant = next_grant()
    while grant do
      local active = grant.is_void == '0' and grant.effective <= draft.now and draft.now < grant.expires
      if active and grant.remaining > 0 and pays_for(grant, labels) then
        return grant
      end
      grant = next_grant()
    end
  end
end

-- Draws an amount on live credit, on that for these models where they are named, and owes the rest.
local function draw_credit(draft, amount, labels)
  local missing, next_grant = amount, each_spendable(draft, labels)
  while missing > 0 do
    local grant = next_grant()
    if not grant then
      break
    end
    local part = math.min(grant.remaining, missing)
    post(draft, 'draw', part, grant)
    missing = missing - part
  end
  post(draft, 'debt', missing)
end
