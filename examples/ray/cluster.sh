# Sourced by check.sh and bench.sh: Ray and the wheel in an environment of their own, and a cluster of this machine.
#
# TIMBREL_WHEEL   a wheel that is built already
#
# Sets `python`, which has Ray and the wheel, and `work`, a temporary folder; `RAY_ADDRESS` is the cluster after start_ray.

cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}/ray
python=$cache/bin/python
work=$(mktemp -d)
running=()
# each ends what it has started; `ray stop` would end every cluster of this machine
stop() {
    local process
    for process in "${running[@]}"; do
        kill "$process" 2>/dev/null || continue
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop EXIT

classify() { "$python" examples/ray/classify.py "$@"; }

install_ray() {
    local wheel=${TIMBREL_WHEEL:-}
    # uv gives up when a file takes a minute to compile, which a busy machine may need
    export UV_COMPILE_BYTECODE_TIMEOUT=0
    if [ ! -x "$cache/bin/moto_server" ]; then
        python3 -m venv "$cache"
        "$cache/bin/pip" install -q --disable-pip-version-check uv
        "$cache/bin/uv" pip install -q --python "$python" --compile-bytecode 'ray[data]==2.60.0' 'moto[server]==5.2.5'
    fi
    if [ -z "$wheel" ]; then
        "$cache/bin/pip" wheel -q --disable-pip-version-check --no-deps --wheel-dir "$work" examples/python
        wheel=$(echo "$work"/timbrel-*.whl)
    fi
    "$cache/bin/uv" pip install -q --python "$python" --reinstall --no-deps "$wheel"
}

# free_ports COUNT: prints ports that nobody uses
free_ports() {
    python3 - "$1" <<'PY'
import socket, sys

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in sockets))
PY
}

# start_ray CORES: starts a cluster and waits until it is ready; more than once where Ray gives up after 30 s
start_ray() {
    local attempt
    export RAY_agent_register_timeout_ms=300000 RAY_worker_register_timeout_seconds=300
    # Ray gives its workers nice 15, with which other work would keep them from starting
    export RAY_worker_niceness=0
    for attempt in 1 2 3; do
        if start_node "$1" "$work/ray$attempt"; then return; fi
        echo "Ray did not start, attempt $attempt" >&2
    done
    cat "$work/cluster" >&2
    tail -n 20 "$work/ray$attempt"/session_latest/logs/{raylet,gcs_server}.{out,err} >&2
    return 1
}

# start_node CORES FOLDER: whether a node was started
start_node() {
    local gcs agent http metrics environments
    read -r gcs agent http metrics environments <<<"$(free_ports 5)"
    # node.py says why the agents get their ports from here
    "$python" examples/ray/node.py start --head --block --num-cpus "$1" --port "$gcs" --temp-dir "$2" --include-dashboard=false \
        --disable-usage-stats --dashboard-agent-grpc-port "$agent" --dashboard-agent-listen-port "$http" \
        --metrics-export-port "$metrics" --runtime-env-agent-port "$environments" >"$work/cluster" 2>&1 &
    running=($!)
    until grep -q 'Ray runtime started' "$work/cluster"; do
        kill -0 "${running[0]}" 2>/dev/null || return 1
        sleep 1
    done
    export RAY_ADDRESS=127.0.0.1:$gcs
}
