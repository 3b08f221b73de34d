-- The end of a script, of one transition or of several on one draft. All writes are planned first, and nothing is
-- written when an identity is broken: Redis does not roll back. The journal comes first, because it alone can refuse (a
-- sequence that is not above its last).
--- @include ledger/lib-begin

local function plan(draft, ...)
  draft.plan[#draft.plan + 1] = { ... }
end

-- Ends a transition with its entry; what is posted next belongs to another one.
local function plan_entry(draft, facts)
  local books = draft.books
  books.sequence = books.sequence + 1
  books.last_ms = draft.now
  draft.entries[#draft.entries + 1] = {
    'XADD', K.journal, text(books.sequence) .. '-0',
    'at', text(draft.now), 'operation', facts.operation, 'subject', facts.subject, 'amount', text(facts.amount or 0),
    'postings', list_text(draft.postings), 'cells', join_pieces(draft.cells),
    'terms', facts.terms or '', 'details', facts.details or '',
  }
  draft.postings, draft.cells = {}, {}
end

-- The indexes hold exactly the grants with credit to spend or to come.
local function plan_indexes(draft, grant)
  local has_credit, was_indexed = grant.remaining > 0, grant.is_indexed or false
  if has_credit == was_indexed then
    return
  end
  draft.is_reindexed = true
  if has_credit then
    plan(draft, 'ZADD', K.burn, '0', burn_member(grant))
    plan(draft, 'ZADD', K.expiries, text(grant.expires), grant.id)
    plan(draft, 'ZADD', K.effects, text(grant.effective), grant.id)
  else
    plan(draft, 'ZREM', K.burn, burn_member(grant))
    plan(draft, 'ZREM', K.expiries, grant.id)
    plan(draft, 'ZREM', K.effects, grant.id)
  end
end

local function plan_grants(draft)
  for id, grant in pairs(draft.books.touched) do
    if grant.granted ~= grant.remaining + grant.held + grant.spent + grant.expired + grant.voided then
      corrupt('a grant is not the sum of its parts')
    end
    plan_indexes(draft, grant)
    if grant.remaining > 0 or grant.held > 0 then
      plan(draft, 'HSET', K.live, id, write_grant(grant))
      if grant.has_ended then
        plan(draft, 'HDEL', K.ended, id)
      end
    else
      plan(draft, 'HDEL', K.live, id)
      plan(draft, 'HSET', K.ended, id, write_grant(grant))
    end
  end
end

-- Only what has changed is written; the sequence always has.
local function plan_account(draft)
  local books = draft.books
  if books.granted ~= books.remaining + books.held + books.spent + books.expired + books.voided then
    corrupt('the account is not the sum of its parts')
  end
  if books.charged ~= books.spent + books.debt then
    corrupt('charged is not spent and debt')
  end
  local fields = { status = books.status, mode = books.mode }
  for _, name in ipairs(ACCOUNT_NUMBERS) do
    fields[name] = text(books[name])
  end
  local command = { 'HSET', K.account }
  for name, value in pairs(fields) do
    if value ~= books.stored[name] then
      command[#command + 1] = name
      command[#command + 1] = value
    end
  end
  draft.plan[#draft.plan + 1] = command
end

-- When time alone will next change the books: credit expires, or, in an account that owes and so has only credit that
-- is yet to come, takes effect. Zero: never.
local function find_due(draft)
  local index = draft.books.debt == 0 and K.expiries or K.effects
  return tonumber(redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2] or 0)
end

-- Read from the indexes, hence once they are written.
local function write_due(draft)
  local due = find_due(draft)
  if due == draft.books.due_ms then
    return
  end
  redis.call('HSET', K.account, 'due_ms', text(due))
  if due == 0 then
    redis.call('ZREM', K.due_accounts, ACCOUNT_ID)
  else
    redis.call('ZADD', K.due_accounts, text(due), ACCOUNT_ID)
  end
end

local function write_plan(draft)
  for _, command in ipairs(draft.entries) do
    redis.call(unpack(command))
  end
  for _, command in ipairs(draft.plan) do
    redis.call(unpack(command))
  end
  if draft.is_reindexed or draft.owed or draft.books.debt > 0 then
    write_due(draft)
  end
end
