-- SPDX-License-Identifier: MPL-2.0
-- For wrk: the request lines of the file in TARGETS, one after the other; with
-- METHOD=POST rules instead, of owners without end.  Prints a line for fwapid.sh.
local targets, at, n = {}, 0, 0

function init(args)
	if os.getenv("METHOD") ~= "POST" then
		for line in io.lines(os.getenv("TARGETS")) do
			targets[#targets + 1] = wrk.format("GET", line)
		end
		at = math.random(#targets)
	end
end

function request()
	if os.getenv("METHOD") ~= "POST" then
		at = at % #targets + 1
		return targets[at]
	end
	n = n + 1
	return wrk.format("POST", "/rules", { ["Content-Type"] = "application/json" }, string.format(
	    '{"rule":"FROM ip 10.%d.%d.%d TO tag \\"w\\" ALLOW tcp PORT %d","owner_uuid":' ..
	    '"aaaaaaaa-0000-4000-8000-%012x"}', n % 200, n % 251, n % 241 + 1, n % 60000 + 1, n))
end

function done(summary, latency, requests)
	local errors = summary.errors

	io.write(string.format("RESULT %.0f %.2f %.2f %d %d\n",
	    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
	    latency:percentile(99) / 1e3, errors.status + errors.connect + errors.read +
	    errors.write + errors.timeout, summary.bytes / summary.requests))
end
