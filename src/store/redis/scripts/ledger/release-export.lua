#!lua
--[[
Lets go of the lease of a process that exported the journal. That of another one stays.

KEYS  1 lease
ARGV  1 owner

Replies  released | taken
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return { 'taken' }
end
redis.call('DEL', KEYS[1])
return { 'released' }
