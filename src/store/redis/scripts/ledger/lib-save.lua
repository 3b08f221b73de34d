-- The end of a transition. All writes are planned first, and nothing is written when an identity is broken: Redis does
-- not roll back. The journal comes first, because it alone can refuse (a sequence that is not above its last).
--- @include ledger/lib-draft

local function plan(draft, ...)
  draft.plan[#draft.plan + 1] = { ... }
end

local function plan_entry(draft, facts)
  local books = draft.books
  books.sequence = books.sequence + 1
  books.last_ms = draft.now
  table.insert(draft.plan, 1, {
    'XADD', K.journal, text(books.sequence) .. '-0',
    'at', text(draft.now), 'operation', facts.operation, 'subject', facts.subject, 'amount', text(facts.amount or 0),
    'postings', list_text(draft.postings), 'cells', list_text(draft.cells),
    'terms', facts.terms or '', 'details', facts.details or '',
  })
  plan(draft, 'ZADD', K.unexported, 'NX', text(draft.now), ACCOUNT_ID)
end

local function plan_grants(draft)
  for id, grant in pairs(draft.books.touched) do
    if grant.granted ~= grant.remaining + grant.held + grant.spent + grant.expired + grant.voided then
      corrupt('a grant is not the sum of its parts')
    end
    if grant.remaining > 0 or grant.held > 0 then
      plan(draft, 'HSET', K.live, id, write_grant(grant))
    else
      plan(draft, 'HDEL', K.live, id)
      plan(draft, 'HSET', K.ended, id, write_grant(grant))
    end
  end
end

-- When time alone will next change the books: credit expires, or takes effect while the account owes.
local function find_due(draft)
  local due = 0
  for _, grant in ipairs(draft.books.grants) do
    if grant.remaining > 0 then
      local at = grant.expires
      if draft.books.debt > 0 and grant.effective > draft.now then
        at = math.min(at, grant.effective)
      end
      due = due == 0 and at or math.min(due, at)
    end
  end
  return due
end

local function plan_account(draft)
  local books = draft.books
  if books.granted ~= books.remaining + books.held + books.spent + books.expired + books.voided then
    corrupt('the account is not the sum of its parts')
  end
  if books.charged ~= books.spent + books.debt then
    corrupt('charged is not spent and debt')
  end
  local due = find_due(draft)
  if due == 0 and books.due_ms ~= 0 then
    plan(draft, 'ZREM', K.due_accounts, ACCOUNT_ID)
  elseif due ~= books.due_ms then
    plan(draft, 'ZADD', K.due_accounts, text(due), ACCOUNT_ID)
  end
  books.due_ms = due
  local command = { 'HSET', K.account, 'status', books.status, 'mode', books.mode }
  for _, name in ipairs(ACCOUNT_NUMBERS) do
    command[#command + 1] = name
    command[#command + 1] = text(books[name])
  end
  draft.plan[#draft.plan + 1] = command
end

local function write_plan(draft)
  for _, command in ipairs(draft.plan) do
    redis.call(unpack(command))
  end
end

-- Ends a transition that took effect, with one journal entry.
local function commit(draft, facts)
  repay_debt(draft)
  plan_entry(draft, facts)
  plan_grants(draft)
  plan_account(draft)
  write_plan(draft)
end

-- Ends one that was refused or repeated: only what was due by time is journalled, as a tick.
local function answer(draft)
  if #draft.postings > 0 then
    plan_entry(draft, { operation = 'tick', subject = ACCOUNT_ID })
    plan_grants(draft)
    plan_account(draft)
  end
  write_plan(draft)
end

-- Appends the balance to a reply: 14 words in the order that src/store/redis/ledger-replies.ts reads.
local function with_balance(draft, words)
  local books, pending = draft.books, 0
  for _, grant in ipairs(books.grants) do
    if grant.effective > draft.now then
      pending = pending + grant.remaining
    end
  end
  local numbers = {
    books.limit, books.granted, books.remaining - pending, pending, books.held, books.spent, books.expired,
    books.voided, books.debt, books.debt_held, books.charged, books.sequence,
  }
  words[#words + 1] = books.status
  words[#words + 1] = books.mode
  for _, number in ipairs(numbers) do
    words[#words + 1] = text(number)
  end
  return words
end
