-- For wrk: requests taken in turn from the file in BENCH_PATHS, one path a line
-- (without it, only the address on the command line), and one line of JSON at the
-- end.
local file = os.getenv("BENCH_PATHS")

if file then
	local requests, at = {}, 0

	init = function()
		for path in io.lines(file) do
			requests[#requests + 1] = wrk.format("GET", path)
		end
	end
	request = function()
		at = at % #requests + 1
		return requests[at]
	end
end

done = function(summary, latency)
	local e = summary.errors

	io.write(string.format(
		'{"requests":%d,"microseconds":%d,"mean":%.1f,"p50":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d,"cpu":%d}\n',
		summary.requests, summary.duration, latency.mean, latency:percentile(50),
		latency:percentile(99), latency.max, e.status, e.connect + e.read + e.write + e.timeout, os.clock() * 1e6))
end
