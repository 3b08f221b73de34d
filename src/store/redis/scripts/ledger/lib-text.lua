-- Numbers as text. Every number becomes text here and nowhere else: tostring, .. and cjson lose digits from 10^14 on,
-- and a zero that came out negative would be written "-0".

local MAX_NUMBER = 9007199254740991

local function corrupt(what)
  error({ err = 'CORRUPT ' .. what })
end

-- The same numbers are written again and again: totals into the account, into a reply, and of each item of a turn.
local texts = {}

local function text(number)
  local known = texts[number]
  if known then
    return known
  end
  if number ~= number or number ~= math.floor(number) or math.abs(number) > MAX_NUMBER then
    corrupt('a number is outside what can be computed exactly')
  end
  -- A zero that came out negative is the same entry.
  texts[number] = number == 0 and '0' or string.format('%.0f', number)
  return texts[number]
end

-- Texts and lists of texts only: a number in `list` would be written by cjson.
local function list_text(list)
  if #list == 0 then
    return '[]'
  end
  return cjson.encode(list)
end

-- The pieces of a JSON list, which is open.
local function join_pieces(pieces)
  if #pieces == 0 then
    return '[]'
  end
  pieces[#pieces + 1] = ']'
  return table.concat(pieces)
end
