-- Sends prepared votes: one line each, "<cookie> <body>". `wrk -s votes.lua URL -- FILE PATH HOST`
local votes, at = {}, 0

function init(arguments)
  local head = "POST " .. arguments[2] .. " HTTP/1.1\r\nHost: " .. arguments[3] .. "\r\nContent-Type: application/json\r\n"
    .. "Accept: application/json\r\nOrigin: http://" .. arguments[3] .. "\r\nSec-Fetch-Site: same-origin\r\n"
    .. "User-Agent: bench\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: zh-CN\r\nCookie: lang=zh_CN; citizen="
  for line in io.lines(arguments[1]) do
    local cookie, body = line:match("^(%S+) (.*)$")
    votes[#votes + 1] = head .. cookie .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
  end
end

function request()
  at = at + 1
  return votes[(at - 1) % #votes + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("DONE %d %d %d %d %.0f %.0f %.0f\n", summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50), latency:percentile(99),
    latency.max))
end
