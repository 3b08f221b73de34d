-- Lists among the arguments.
--- @include ledger/lib-books

-- A list that an earlier argument has is told by the place of that one, `@` and its number.
local function read_list(at)
  local argument = ARGV[at]
  return string.sub(argument, 1, 1) == '@' and ARGV[tonumber(string.sub(argument, 2))] or argument
end

-- The calls of a turn have the same as a rule.
local labels_by_text = {}

local function read_labels(argument)
  if not labels_by_text[argument] then
    local labels = {}
    for _, label in ipairs(cjson.decode(argument)) do
      labels[label] = true
    end
    labels_by_text[argument] = labels
  end
  return labels_by_text[argument]
end
