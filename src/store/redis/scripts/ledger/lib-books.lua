-- The books of one account: what a transition reads. The rules are those of src/domain/credit/.
--- @include ledger/lib-text

-- KEYS and the first two ARGV are the same for every script of the ledger:
-- ARGV  1 account id  2 now in ms since 1970, or '' for this server's clock
local K = {
  account = KEYS[1],
  live = KEYS[2],
  ended = KEYS[3],
  journal = KEYS[4],
  unexported = KEYS[5],
  due_accounts = KEYS[6],
  holds = KEYS[7],
  cells = KEYS[8],
  cell_ends = KEYS[9],
  due_holds = KEYS[10],
  tombstones = KEYS[11],
}
local ACCOUNT_ID = ARGV[1]

local ACCOUNT_NUMBERS = {
  'limit', 'granted', 'remaining', 'held', 'spent', 'expired', 'voided', 'debt', 'debt_held', 'charged',
  'sequence', 'last_ms', 'grant_count', 'due_ms',
}
local GRANT_NUMBERS = {
  'priority', 'effective', 'expires', 'ordinal', 'granted', 'remaining', 'held', 'spent', 'expired', 'voided',
}

local function read_clock()
  if ARGV[2] ~= '' then
    return tonumber(ARGV[2])
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function create_books()
  local books = { status = 'open', mode = 'prepaid', grants = {}, by_id = {}, touched = {}, cells = {} }
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

-- With every grant that has credit left or held, in order of creation; nil when the account has no books.
local function load_books()
  local fields = redis.call('HMGET', K.account, 'status', 'mode', unpack(ACCOUNT_NUMBERS))
  if not fields[1] then
    return nil
  end
  local books = create_books()
  books.status, books.mode = fields[1], fields[2]
  for index, name in ipairs(ACCOUNT_NUMBERS) do
    books[name] = tonumber(fields[index + 2]) or corrupt('the account lacks a number')
  end
  local live = redis.call('HGETALL', K.live)
  for index = 1, #live, 2 do
    local grant = read_grant(live[index], live[index + 1])
    books.grants[#books.grants + 1] = grant
    books.by_id[grant.id] = grant
  end
  table.sort(books.grants, function(left, right)
    return left.ordinal < right.ordinal
  end)
  return books
end

-- A grant that may have ended: only commands that name one look for it.
local function find_grant(books, id)
  if books.by_id[id] then
    return books.by_id[id]
  end
  local record = redis.call('HGET', K.ended, id)
  return record and read_grant(id, record)
end
