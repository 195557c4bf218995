#!/usr/bin/env bash
# Lints the server and tests it over real connections.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo clippy --quiet --all-targets -- -D warnings
cargo test
