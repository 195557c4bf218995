#!/usr/bin/env bash
# Fuzzes each target for some seconds, from the seeds that seeds.py makes: `smoke.sh [SECONDS]`, 8 seconds if not said.
# Needs a nightly compiler and cargo-fuzz (`cargo install cargo-fuzz`). A finding ends it with the input's path.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-8}
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo "skipped: no nightly compiler with cargo-fuzz for the fuzz targets"
    exit 0
fi
python3 seeds.py
cargo +nightly fuzz build
for target in model kernels push abi decode; do
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -timeout=120 -rss_limit_mb=1024 -print_final_stats=1 2>&1 |
        tee "corpus/$target.log" | grep -E 'SUMMARY|Test unit written|ERROR|executed_units' || true
    if grep -q 'Test unit written' "corpus/$target.log"; then
        exit 1
    fi
    grep -q 'number_of_executed_units' "corpus/$target.log"
    echo "$target: $seconds s without a finding"
done
