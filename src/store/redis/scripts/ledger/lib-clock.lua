-- The server's own clock, one for all processes: in ms since 1970.
local function read_server_clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
