#!/usr/bin/env bash
# Makes the packages and builds the samples in them against fakes of the frameworks (fakes/), which have their
# signatures. The programs run under QEMU, hear a tune and must print the desktop's answers:
#
#     check.sh              on one Cortex-M and one RISC-V core
#     check.sh everything   on all cores and on this machine, and with the frameworks' tools that PyPI has
#
# TIMBREL_EMBEDDED   a package of examples/embedded-c that is made already
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
for program in qemu-system-arm qemu-system-riscv32 arm-none-eabi-g++ riscv64-unknown-elf-g++ cmake make python3; do
    command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 0; }
done
[ -e /usr/lib/picolibc ] || { echo "skipped: no picolibc"; exit 0; }
. fakes/build.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=$work/packages
tarball=${TIMBREL_EMBEDDED:-}
if [ -z "$tarball" ]; then
    cores=(cortex-m4f rv32imac)
    [ "${1:-}" != everything ] || cores=() # all
    bash ../embedded-c/make.sh -o "$work" "${cores[@]}" >"$work/log" || { cat "$work/log"; exit 1; }
    tarball=$(ls "$work"/timbrel-embedded-*.tar.gz)
fi
bash make.sh -e "$tarball" -o "$packages" all >"$work/log" || { cat "$work/log"; exit 1; }
tar -C "$work" -xzf "$tarball"
embedded=$(echo "$work"/timbrel-embedded-*/)
python3 lint/arduino.py "$packages/Timbrel"
python3 lint/pdsc.py "$packages/timbrel-cmsis-pack/Timbrel.timbrel.pdsc"
cargo run --quiet --release --manifest-path ../cortex-m/Cargo.toml -p reference -- ../../models/tiny.timbrel \
    >"$work/reference"
grep '^window' "$work/reference" | sed 's/^[^:]*: \(.* %\), .*/\1/' >"$work/desktop"

# same PROGRAM: whether the genres so far are those of the desktop, window by window
same() {
    sed -n 's/.*; so far \(not sure, perhaps \)\{0,1\}//p' "$work/$1.printed" >"$work/so-far"
    # a genre is not named where the model says that the tune is not music
    paste -d '|' "$work/so-far" "$work/desktop" | awk -F '|' '$1 != $2 && $1 != "not music" { exit 1 }' ||
        { diff "$work/so-far" "$work/desktop"; exit 1; }
    [ "$(wc -l <"$work/so-far")" = "$(wc -l <"$work/desktop")" ]
    echo "$1 ($core): the desktop's answer"
}

run arduino-pdm cortex-m4f arduino_sketch cortex-m4/fpv4-sp-d16-hard
run arduino-i2s cortex-m4f arduino_sketch cortex-m4/fpv4-sp-d16-hard -DARDUINO_ARCH_ESP32
same arduino-i2s
run stm32 cortex-m4f cmsis_template
same stm32
run zephyr cortex-m4f zephyr_sample CONFIG_CPU_CORTEX_M4=y CONFIG_FPU=y CONFIG_FP_HARDABI=y
cmp "$work/arduino-pdm.printed" "$work/zephyr.printed"
echo "arduino-pdm and zephyr ($core): the same answer at 16 kHz"
run listen cortex-m4f listen_test
sed '/^# the tune/,$d' "$work/listen.printed" | diff fakes/listen_test.expected -
sed '1,/^# the tune/d' "$work/listen.printed" >"$work/listen-tune.printed"
same listen-tune
run esp-idf rv32imac esp_idf_example esp32c6
same esp-idf
run pico rv32imac pico_sample rp2350-riscv
[ "$(wc -l <"$work/pico.printed")" = "$(wc -l <"$work/desktop")" ]
[ "${1:-}" != everything ] || . fakes/everything.sh
