-- Judges one hit on one limit, as sliding_log.rs does, and counts it if asked to and allowed. Unlike there, the hits are
-- of several clocks.
-- KEYS[1]  sorted set: id of each counted hit, by its time in milliseconds
-- ARGV     time of the hit, window, most hits, how far hits may overtake each other, '1' to count it, its id
-- Returns  -1 if allowed, else after how many milliseconds there is room.
local at, window, max, overtaking = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local counts, id = ARGV[5] == '1', ARGV[6]

-- The time for this log: never earlier than the newest hit, unless the clock was set back.
local now = at
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if newest then
  newest = tonumber(newest)
  if newest - at > overtaking then
    for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf')) do
      redis.call('ZADD', KEYS[1], at, ahead)
    end
  elseif newest > at then
    now = newest
  end
end

-- Asked once more, because the answer was lost.
if counts and redis.call('ZSCORE', KEYS[1], id) then return -1 end

-- What has left the window stays for now, in as many places as could fill it twice: a clock that is fast says so too
-- early, and would free what the others have used up.
local hits = redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now - window), '+inf')
if hits < max then
  if counts then
    redis.call('ZADD', KEYS[1], now, id)
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -2 * max - 1)
    redis.call('PEXPIRE', KEYS[1], window + overtaking)
  end
  return -1
end
local leaving = redis.call('ZRANGE', KEYS[1], -max, -max, 'WITHSCORES')[2] or now
return tonumber(leaving) + window - now
