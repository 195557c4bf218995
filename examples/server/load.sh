#!/usr/bin/env bash
# Loads the server with wrk (Debian's package `wrk`) and prints requests per second, the times that half and 99 % of the
# requests took, and the largest memory.
#
#     examples/server/load.sh [CONNECTIONS] [SECONDS] [FILE]      default: 200 20, a tune of 3 s
set -euo pipefail
cd "$(dirname "$0")"
connections=${1:-200} seconds=${2:-20} file=${3:-}
command -v wrk >/dev/null || { echo "load.sh: needs wrk (apt install wrk)" >&2 && exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
if [ -z "$file" ]; then
    file=$work/tune.wav
    python3 - "$file" <<'PY'
import math, struct, sys, wave
with wave.open(sys.argv[1], "wb") as out:
    out.setparams((1, 2, 22050, 0, "NONE", ""))
    tone = lambda i: 9000 * math.sin(math.tau * (220 + 55 * (i // 5512)) * i / 22050)
    out.writeframes(b"".join(struct.pack("<h", int(tone(i))) for i in range(66150)))
PY
fi
cargo build --quiet --release
program=${CARGO_TARGET_DIR:-target}/release/timbrel-server
"$program" --listen 127.0.0.1:0 --quiet --waiting "$connections" >"$work/address" &
server=$!
until grep -q listening "$work/address"; do sleep 0.1; done
cat >"$work/post.lua" <<'LUA'
local file = io.open(os.getenv("TUNE"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
local bad = 0
function response(status) if status ~= 200 then bad = bad + 1 end end
LUA
TUNE=$file wrk --latency --timeout 60s -t 2 -c "$connections" -d "${seconds}s" -s "$work/post.lua" \
    "$(sed 's/listening on //' "$work/address")/predict" | grep -E 'requests in|50%|99%|Requests/sec|Non-2xx|Socket errors'
awk '/VmHWM/ {printf "  largest memory %.0f MB\n", $2 / 1024}' "/proc/$server/status"
