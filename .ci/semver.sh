#!/usr/bin/env bash
# Compares the public items of timbrel-core with those of the newest release, or of a commit; fails where the version in
# Cargo.toml does not allow a difference:
#
#     .ci/semver.sh [COMMIT]      default: the newest tag v…
#
# With the features that add public items, but for `tract`, whose few items are not worth minutes of compiling tract twice.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo semver-checks --version >/dev/null 2>&1; then
    echo "skipped: no cargo-semver-checks to compare public items with (cargo install cargo-semver-checks --locked)"
    exit
fi
if ! baseline=${1:-$(git describe --tags --match 'v*' --abbrev=0 2>/dev/null)}; then
    echo "skipped: no tag v… to compare public items with"
    exit
fi
cargo semver-checks -p timbrel-core --baseline-rev "$baseline" --only-explicit-features --features decode,serde
