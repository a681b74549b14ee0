-- The request that networks at rest live on, as a node of the npm package
-- sends it: wrk -s structure.lua URL -- ROOT [ENCODING]

function init(args)
  wrk.method = "POST"
  wrk.path = "/api/node/structure"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Original-Address"] = "127.0.0.1:5000"
  wrk.headers["Node-Version"] = "spreadable-0.3"
  wrk.headers["Node-Root"] = args[1]
  if args[2] then
    wrk.headers["Accept-Encoding"] = args[2]
  end
  wrk.body = string.format('{"timeout":10000,"timestamp":%d000}', os.time())
end

-- One line of JSON, with times in microseconds.
function done(summary, latency, requests)
  local failed = 0
  for _, count in pairs(summary.errors) do
    failed = failed + count
  end
  io.write(string.format(
    '{"requests":%d,"duration":%d,"bytes":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes, failed,
    latency:percentile(50), latency:percentile(99)))
end
