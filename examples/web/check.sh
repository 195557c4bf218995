#!/usr/bin/env bash
# Builds the page and the package and tests them in Node.js and in Chromium.
set -euo pipefail
cd "$(dirname "$0")"
for program in node npm "${CHROMIUM:-/usr/bin/chromium}"; do
    command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 0; }
done
bash build.sh
cargo build --quiet --release --manifest-path ../../Cargo.toml -p classify --target-dir "${CARGO_TARGET_DIR:-../../target}"
TIMBREL_CLASSIFY=$(cd "${CARGO_TARGET_DIR:-../../target}" && pwd)/release/classify
export TIMBREL_CLASSIFY
cd test
npm install --silent --no-audit --no-fund --no-package-lock
node --test node.test.mjs page.test.mjs
