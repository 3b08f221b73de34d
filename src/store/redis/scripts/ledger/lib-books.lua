-- The books of one account: what a transition reads. The rules are those of src/domain/credit/.
--- @include ledger/lib-clock
--- @include ledger/lib-text

-- KEYS and the first two ARGV are the same for every script of the ledger:
-- ARGV  1 account id  2 now in ms since 1970, or '' for this server's clock
local K = {
  account = KEYS[1],
  live = KEYS[2],
  ended = KEYS[3],
  burn = KEYS[4],
  expiries = KEYS[5],
  effects = KEYS[6],
  journal = KEYS[7],
  unexported = KEYS[8],
  due_accounts = KEYS[9],
  holds = KEYS[10],
  cells = KEYS[11],
  cell_ends = KEYS[12],
  due_holds = KEYS[13],
  ended_holds = KEYS[14],
}
local ACCOUNT_ID = ARGV[1]

local ACCOUNT_NUMBERS = {
  'limit', 'granted', 'remaining', 'held', 'spent', 'expired', 'voided', 'debt', 'debt_held', 'charged',
  'sequence', 'last_ms', 'grant_count', 'due_ms', 'last_effect_ms',
}
local GRANT_NUMBERS = {
  'priority', 'effective', 'expires', 'ordinal', 'granted', 'remaining', 'held', 'spent', 'expired', 'voided',
}

local function read_clock()
  if ARGV[2] ~= '' then
    return tonumber(ARGV[2])
  end
  return read_server_clock()
end

local function create_books()
  local books = {
    status = 'open', grants = {}, touched = {}, burn_pages = {}, holds = {}, ended = {}, stored = {},
    cells = {}, cell_lists = {}, unread_cells = {},
  }
  for _, name in ipairs(ACCOUNT_NUMBERS) do
    books[name] = 0
  end
  return books
end

local function read_grant(id, record)
  local grant = cjson.decode(record)
  for _, name in ipairs(GRANT_NUMBERS) do
    grant[name] = tonumber(grant[name]) or corrupt('a grant lacks a number')
  end
  grant.id = id
  return grant
end

local function write_grant(grant)
  local record = { kind = grant.kind, models = grant.models, is_void = grant.is_void }
  for _, name in ipairs(GRANT_NUMBERS) do
    record[name] = text(grant[name])
  end
  return cjson.encode(record)
end

-- nil when the account has no books. Grants are loaded as they are needed: an account may have very many.
local function load_books()
  local fields = redis.call('HMGET', K.account, 'status', 'mode', unpack(ACCOUNT_NUMBERS))
  if not fields[1] then
    return nil
  end
  local books = create_books()
  books.status, books.mode = fields[1], fields[2]
  books.stored = { status = fields[1], mode = fields[2] }
  for index, name in ipairs(ACCOUNT_NUMBERS) do
    books[name] = tonumber(fields[index + 2]) or corrupt('the account lacks a number')
    books.stored[name] = fields[index + 2]
  end
  return books
end

-- Live grants by id, in the order asked. `is_indexed`: in the indexes of grants with credit to spend.
local function load_grants(books, ids)
  local missing, grants = {}, {}
  for _, id in ipairs(ids) do
    if not books.grants[id] then
      missing[#missing + 1] = id
    end
  end
  for index, record in ipairs(#missing > 0 and redis.call('HMGET', K.live, unpack(missing)) or {}) do
    local grant = record and read_grant(missing[index], record) or corrupt('a grant named is not live')
    grant.is_live, grant.is_indexed = true, grant.remaining > 0
    books.grants[grant.id] = grant
  end
  for index, id in ipairs(ids) do
    grants[index] = books.grants[id]
  end
  return grants
end

-- A grant that may have ended: only commands that name one look for it.
local function find_grant(books, id)
  if redis.call('HEXISTS', K.live, id) == 1 then
    return load_grants(books, { id })[1]
  end
  local record = redis.call('HGET', K.ended, id)
  return record and read_grant(id, record)
end
