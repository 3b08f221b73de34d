-- Numbers as text. Every number becomes text here and nowhere else: tostring, .. and cjson lose digits from 10^14 on,
-- and a zero that came out negative would be written "-0".

local MAX_NUMBER = 9007199254740991

local function corrupt(what)
  error({ err = 'CORRUPT ' .. what })
end

local function text(number)
  if number ~= number or number ~= math.floor(number) or math.abs(number) > MAX_NUMBER then
    corrupt('a number is outside what can be computed exactly')
  end
  if number == 0 then
    return '0'
  end
  return string.format('%.0f', number)
end

-- Texts and lists of texts only: a number in `list` would be written by cjson.
local function list_text(list)
  if #list == 0 then
    return '[]'
  end
  return cjson.encode(list)
end
