#!lua
--[[
Answers when writes would be taken: Redis refuses to start a script that may write while it is read-only, out of
memory, loading, short of replicas or unable to save.

KEYS  1 any key, never touched

Replies  pong
]]
return { 'pong' }
