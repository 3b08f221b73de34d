-- Records that other records name. A name of '' is no name.

-- The first of account, team and member that is not there or is another account's; nil when all are well.
local function find_missing(account_id, names, tables)
  if account_id ~= '' and redis.call('HEXISTS', tables.accounts, account_id) == 0 then
    return 'account'
  end
  for _, kind in ipairs({ 'team', 'member' }) do
    if names[kind] ~= '' then
      local record = redis.call('HGET', tables[kind .. 's'], names[kind])
      if not record or cjson.decode(record).accountId ~= account_id then
        return kind
      end
    end
  end
  return nil
end

-- Counts by how many records a team or member is named; one that none names has no field.
local function count_uses(uses, names, change)
  for _, kind in ipairs({ 'team', 'member' }) do
    if names[kind] ~= '' and redis.call('HINCRBY', uses, names[kind], change) == 0 then
      redis.call('HDEL', uses, names[kind])
    end
  end
end
