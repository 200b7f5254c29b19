-- SPDX-License-Identifier: MIT
-- wrk's script: visitors, of whom each has one request outstanding at most, and
-- thinks before the next one.  One thread, and as many connections as visitors.
--
--   LOAD_VISITORS  how many
--   LOAD_IDS       a file: the value of X-Session of each, a line each; made if
--                  it is not there, and written anew at the end
--   LOAD_RECORD    a file, written: for each answer "answer VISITOR STATUS
--                  NUMBER BEGUN TOOK MS NEW", times in us, BEGUN on the
--                  monotonic clock; NUMBER is the body if it is one, else -1;
--                  MS is what a slow one was to take; NEW is 1 with a new ID;
--                  and "end" when all have been answered
--   LOAD_WORD      what is asked: "add" or "get"
--   LOAD_SLOW      out of 100 "add", how many are "add/MS", answered later
--   LOAD_SLOW_MS   that MS
--   LOAD_SECONDS   how long new requests are begun; 0: one of each visitor
--   LOAD_THINK     the mean time to think in ms, distributed exponentially;
--                  with 0 seconds that within which all come
--   LOAD_SEED      of the times to think
--
-- When the time is over all visitors wait for what they have asked, and wrk is
-- ended as by Ctrl-C.  If that never comes, wrk goes on until its -d.
local ffi = require("ffi")

ffi.cdef [[
struct load_time { long seconds; long nanoseconds; };
int clock_gettime(int clock, struct load_time *out);
int getpid(void);
int kill(int pid, int signal);
]]

local CLOCK_MONOTONIC, SIGINT = 1, 2
local FOREVER = 3600 * 1000 -- ms

local count = tonumber(os.getenv("LOAD_VISITORS"))
local path = "/" .. os.getenv("LOAD_WORD")
local slow = tonumber(os.getenv("LOAD_SLOW"))
local slow_ms = tonumber(os.getenv("LOAD_SLOW_MS"))
local think = tonumber(os.getenv("LOAD_THINK"))
local seconds = tonumber(os.getenv("LOAD_SECONDS"))
local record = assert(io.open(os.getenv("LOAD_RECORD"), "w"))

local time = ffi.new("struct load_time")
local function now()
    ffi.C.clock_gettime(CLOCK_MONOTONIC, time)
    return tonumber(time.seconds) * 1000000 + tonumber(time.nanoseconds) / 1000
end

local ids = {}     -- of visitors; "" before the first answer
local message = {} -- what a visitor sends; or, to be answered later:
local message_slow = {}
local asked_ms = {}
local begun = {}   -- when; nil: nothing is outstanding
local queue = {}   -- visitors who think; the next one is at `first`
local first, last = 1, 0
local granted = 0  -- requests that may be begun
local parked = 0   -- connections that are to begin no more
local finish_at    -- on the monotonic clock

local function set_id(visitor, id)
    local headers = {
        ["X-Session"] = id, ["X-Visitor"] = visitor, ["Content-Length"] = 0
    }

    ids[visitor] = id
    message[visitor] = wrk.format("POST", path, headers)
    message_slow[visitor] =
        wrk.format("POST", path .. "/" .. slow_ms, headers)
end

local function join(visitor)
    last = last + 1
    queue[last] = visitor
end

local function write_ids()
    local file = assert(io.open(os.getenv("LOAD_IDS"), "w"))

    for visitor = 1, count do
        file:write(ids[visitor], "\n")
    end
    file:close()
end

local function finish()
    record:write("end\n")
    record:close()
    write_ids()
    ffi.C.kill(ffi.C.getpid(), SIGINT)
end

function init()
    local known = io.open(os.getenv("LOAD_IDS"))

    math.randomseed(tonumber(os.getenv("LOAD_SEED")))
    for visitor = 1, count do
        set_id(visitor, known and known:read() or "")
        join(visitor)
    end
    finish_at = now() + seconds * 1000000
end

-- At first all come within a second, or as slowly as they are to.
local function time_to_think()
    if granted < count then
        return math.random() * (seconds == 0 and think or math.min(think, 1000))
    end
    return -math.log(1 - math.random()) * think
end

-- Called for each connection when it is there, and after each answer.
function delay()
    local wait = time_to_think()

    if granted < count or now() + wait * 1000 < finish_at then
        granted = granted + 1
        return wait
    end
    parked = parked + 1
    if parked == count then
        finish()
    end
    return FOREVER
end

-- wrk asks for one request before all others, to look at it.
function request()
    local visitor = queue[first]

    if granted == 0 then
        return message[1]
    end
    if not visitor then
        io.stderr:write("visitors.lua: a connection was lost\n")
        os.exit(1)
    end
    queue[first] = nil
    first = first + 1
    asked_ms[visitor] = math.random() * 100 < slow and slow_ms or 0
    begun[visitor] = now()
    return asked_ms[visitor] > 0 and message_slow[visitor] or message[visitor]
end

function response(status, headers, body)
    local visitor = tonumber(headers["X-Visitor"])
    local took = now() - begun[visitor]
    local id = headers["X-Session"]
    local new = id and id ~= ids[visitor]

    record:write(string.format("answer %d %d %d %.0f %.0f %d %d\n", visitor,
                               status, tonumber(body) or -1, begun[visitor],
                               took, asked_ms[visitor], new and 1 or 0))
    if new then
        set_id(visitor, id)
    end
    begun[visitor] = nil
    join(visitor)
end

function done(summary, latency, requests)
    local errors = summary.errors

    print(string.format("wrk requests %d", summary.requests))
    print(string.format("wrk errors %d", errors.connect + errors.read +
                        errors.write + errors.timeout))
    print(string.format("wrk p99 %.0f", latency:percentile(99)))
end
