#!/usr/bin/env bash
# Makes the package for two cores, unpacks it in an empty folder and follows its README there without Rust: the
# example is built for a Cortex-M and for RISC-V, run under QEMU, and compared with the desktop's answer.
#   check.sh [CORE]...     for other cores, or `all`
# TIMBREL_EMBEDDED names a package that is made already.
set -euo pipefail
cd "$(dirname "$0")"
for program in qemu-system-arm qemu-system-riscv32 arm-none-eabi-gcc riscv64-unknown-elf-gcc; do
    command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 0; }
done
[ -e /usr/lib/picolibc ] || { echo "skipped: no picolibc"; exit 0; }
. ./cores.sh
[ $# -gt 0 ] || set -- cortex-m4f rv32imac
[ "$1" != all ] || set -- "${cores[@]%% *}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=${TIMBREL_EMBEDDED:-}
if [ -z "$package" ]; then
    bash make.sh -o "$work" "$@" >"$work/log"
    package=$(ls "$work"/timbrel-embedded-*.tar.gz)
fi
cargo run --quiet --release --manifest-path ../cortex-m/Cargo.toml -p reference >"$work/reference"
grep -E '^(window|all)' "$work/reference" >"$work/expected"
here=$PWD
mkdir "$work/empty"
cd "$work/empty"
tar -xzf "$package"
cd timbrel-embedded-*
bash "$here/sizes.sh" "$PWD"
for core in "$@"; do
    make -s CORE="$core" run >"$work/printed" || { cat "$work/printed"; exit 1; }
    diff "$work/expected" "$work/printed"
    echo "$core: the desktop's answer"
done
