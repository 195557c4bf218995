#!/usr/bin/env bash
# Runs the firmware exactly as the README says, without variables that a reader would not set: in Rust and in C on
# every board, compared with the desktop.
# A toolchain without targets still needs TIMBREL_TOOLCHAIN and TIMBREL_BUILD_STD, see common.sh.
set -euo pipefail
cd "$(dirname "$0")"
for program in qemu-system-arm realpath; do
    command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 0; }
done
# the contents of an existing CARGO_TARGET_DIR are reached through the default folder's name
if [ -n "${CARGO_TARGET_DIR:-}" ] && [ ! -e target ]; then
    mkdir -p "$CARGO_TARGET_DIR"
    ln -s "$(realpath "$CARGO_TARGET_DIR")" target
    trap 'rm -f target' EXIT
fi
cargo fmt --all --check
env -u CARGO_TARGET_DIR bash run.sh "$@"
