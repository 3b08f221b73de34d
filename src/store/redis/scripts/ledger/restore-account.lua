#!lua
--[[
Puts an account that lies ready under other names in the place of what is there, in one step.

KEYS  1-13 as named in lib-books  14 refunds  15 snapshot  16 exported  17 trimmed  18 trim-due
      19 grants that lie ready (hash of id to record)  20 reload  21 due reloads  then pairs: a key that lies ready, the key that it becomes
ARGV  1 account id  2 ''  3 sequence that must be there, 0 for none  4 fields of the account (JSON)
      5 snapshot (JSON) or ''  6 its sequence  7 instant of the first entry kept, or ''
      then, for each pair, how long it lives in ms, or '' for ever

Replies  restored | changed
]]
--- @include ledger/lib-reply
local FIRST_PAIR, FIRST_LIFE = 22, 8
local refunds, snapshot, exported, trimmed, trim_due = KEYS[14], KEYS[15], KEYS[16], KEYS[17], KEYS[18]
local reload, due_reloads = KEYS[20], KEYS[21]

local function read_account()
  local fields = cjson.decode(ARGV[4])
  local books = create_books()
  books.status, books.mode = fields.status, fields.mode
  for _, name in ipairs(ACCOUNT_NUMBERS) do
    books[name] = tonumber(fields[name]) or corrupt('the account lacks a number')
  end
  return books
end

local function read_grants(books)
  local fields = redis.call('HGETALL', KEYS[19])
  for index = 1, #fields, 2 do
    books.touched[fields[index]] = read_grant(fields[index], fields[index + 1])
  end
end

local function remove_present()
  for _, hold_id in ipairs(redis.call('HKEYS', K.holds)) do
    redis.call('ZREM', K.due_holds, ACCOUNT_ID .. '|' .. hold_id)
  end
  for _, key in ipairs({
    K.account, K.live, K.ended, K.burn, K.expiries, K.effects, K.journal, K.holds, K.cells, K.cell_ends, refunds,
    snapshot, KEYS[19], reload,
  }) do
    redis.call('DEL', key)
  end
  redis.call('ZREM', K.due_accounts, ACCOUNT_ID)
  redis.call('ZREM', due_reloads, ACCOUNT_ID)
end

local function move_ready()
  for index = FIRST_PAIR, #KEYS, 2 do
    local ready, target = KEYS[index], KEYS[index + 1]
    local life = ARGV[FIRST_LIFE + (index - FIRST_PAIR) / 2]
    if redis.call('EXISTS', ready) == 1 then
      redis.call('RENAME', ready, target)
      if life == '' then
        redis.call('PERSIST', target)
      else
        redis.call('PEXPIRE', target, life)
      end
    end
  end
end

local function write_due_holds()
  local fields = redis.call('HGETALL', K.holds)
  for index = 1, #fields, 2 do
    redis.call('ZADD', K.due_holds, cjson.decode(fields[index + 1]).deadline, ACCOUNT_ID .. '|' .. fields[index])
  end
end

-- Who pays for a request that is pending is asked at once.
local function write_due_reload()
  if (redis.call('HGET', reload, 'pending_number') or '0') ~= '0' then
    redis.call('ZADD', due_reloads, redis.call('HGET', reload, 'pending_at'), ACCOUNT_ID)
  end
end

local function note_export(books)
  if ARGV[5] ~= '' then
    redis.call('SET', snapshot, ARGV[5])
  end
  redis.call('HSET', exported, ACCOUNT_ID, text(books.sequence))
  redis.call('HSET', trimmed, ACCOUNT_ID, ARGV[6])
  redis.call('ZREM', K.unexported, ACCOUNT_ID)
  redis.call('ZREM', trim_due, ACCOUNT_ID)
  if ARGV[7] ~= '' then
    redis.call('ZADD', trim_due, ARGV[7], ACCOUNT_ID)
  end
end

if tonumber(redis.call('HGET', K.account, 'sequence') or '0') ~= tonumber(ARGV[3]) then
  return { 'changed' }
end
local books = read_account()
read_grants(books)
local draft = { books = books, now = books.last_ms, entries = {}, plan = {} }
plan_grants(draft)
plan_account(draft)
remove_present()
move_ready()
write_plan(draft)
write_due_holds()
write_due_reload()
note_export(books)
return { 'restored' }
