-- The end of a transition, and the balance in its reply.
--- @include ledger/lib-save

-- Ends a transition that took effect, with one journal entry. Nothing is written yet.
local function note(draft, facts)
  repay_debt(draft)
  plan_entry(draft, facts)
end

-- Ends one that was refused or repeated: only what was due by time is journalled, as a tick.
local function note_due(draft)
  if #draft.postings > 0 then
    plan_entry(draft, { operation = 'tick', subject = ACCOUNT_ID })
  end
end

-- Plans a command that begins with these words, or adds to the one that does.
local function plan_joined(draft, words, ...)
  local name = table.concat(words, ' ')
  if not draft.joined[name] then
    draft.joined[name] = words
    draft.plan[#draft.plan + 1] = words
  end
  for _, word in ipairs({ ... }) do
    table.insert(draft.joined[name], word)
  end
end

local function save(draft)
  if #draft.entries > 0 then
    plan(draft, 'ZADD', K.unexported, 'NX', text(draft.now), ACCOUNT_ID)
    plan_grants(draft)
    plan_account(draft)
  end
  write_plan(draft)
end

local function commit(draft, facts)
  note(draft, facts)
  save(draft)
end

local function answer(draft)
  note_due(draft)
  save(draft)
end

-- Credit of grants not yet in effect.
local function find_pending(draft)
  local books, pending = draft.books, 0
  if draft.now >= books.last_effect_ms then
    return 0
  end
  if not books.is_pending_loaded then
    load_grants(books, redis.call('ZRANGE', K.effects, '(' .. text(draft.now), '+inf', 'BYSCORE'))
    books.is_pending_loaded = true
  end
  for _, grant in pairs(books.grants) do
    if grant.effective > draft.now then
      pending = pending + grant.remaining
    end
  end
  return pending
end

-- Appends the balance to a reply: 14 words in the order that src/store/redis/ledger-replies.ts reads.
local function with_balance(draft, words)
  local books, pending = draft.books, find_pending(draft)
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

-- The words of a reply as one text: each word of a list costs the client more than the script. No word has a space.
local function joined(words)
  return table.concat(words, ' ')
end
