#!/usr/bin/env bash
# Runs the boards' main loop under QEMU and compares its output with the desktop's.
#   check.sh           formatting; the rest takes minutes to compile
#   check.sh all       the main loop under QEMU
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in ../cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")"
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR
cargo fmt --all --check
case ${1:-} in
"") echo "formatting holds; .ci/run nightly runs the rest" && exit ;;
all) ;;
*) echo "usage: check.sh [all]" >&2 && exit 2 ;;
esac

# compile FOLDER TARGET [OPTIONS...]
compile() {
    local folder=$1 target=$2 std=()
    shift 2
    [ -z "${TIMBREL_BUILD_STD:-}" ] || std=(-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem)
    (cd "$folder" && cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} build --quiet --release --locked --target "$target" \
        "$@" "${std[@]}")
    echo "$folder, $target: compiled"
}

compile qemu thumbv7em-none-eabihf
if command -v qemu-system-arm >/dev/null; then
    cargo run --quiet --release --manifest-path ../cortex-m/Cargo.toml -p reference -- ../../models/tiny.timbrel \
        >"$CARGO_TARGET_DIR/expected"
    timeout 300 qemu-system-arm -machine mps2-an386 -nographic -monitor none -serial null \
        -semihosting-config enable=on,target=native -icount shift=3,sleep=off \
        -kernel "$CARGO_TARGET_DIR/thumbv7em-none-eabihf/release/qemu" </dev/null >"$CARGO_TARGET_DIR/printed"
    cmp "$CARGO_TARGET_DIR/printed" "$CARGO_TARGET_DIR/expected"
    echo "the main loop under QEMU: the desktop's answer"
else
    echo "skipped: no qemu-system-arm"
fi
