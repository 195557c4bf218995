#!/usr/bin/env bash
# Links the boards' programs, prints their memory, runs the main loop under QEMU and compares its output with the desktop's.
#   check.sh           formatting; the rest takes minutes to compile
#   check.sh all       everything
#   check.sh BOARD...  only these folders, for example `check.sh nrf52840 rp`
#
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in ../cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")"
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export CARGO_TARGET_DIR

# name in the table, folder, Rust target, features
programs=(
    "nRF52840 nrf52840 thumbv7em-none-eabihf"
    "nRF52840 nrf52840 thumbv7em-none-eabihf compact"
    "nRF52840,RTIC nrf52840-rtic thumbv7em-none-eabihf"
    "nRF52840,RTIC nrf52840-rtic thumbv7em-none-eabihf compact"
    "STM32F411 stm32f411 thumbv7em-none-eabihf"
    "STM32H743 stm32h743 thumbv7em-none-eabihf"
    "STM32H743 stm32h743 thumbv7em-none-eabihf compact"
    "RP2040 rp thumbv6m-none-eabi rp2040"
    "RP2350 rp thumbv8m.main-none-eabihf rp2350"
    "RP2350 rp thumbv8m.main-none-eabihf rp2350,compact"
    "ESP32-C3 esp32 riscv32imc-unknown-none-elf esp32c3"
    "ESP32-C6 esp32 riscv32imac-unknown-none-elf esp32c6"
)

# compile FOLDER TARGET [FEATURES]
compile() {
    local std=()
    [ -z "${TIMBREL_BUILD_STD:-}" ] || std=(-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem)
    (cd "$1" && cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} build --quiet --release --locked --target "$2" \
        --features "${3:-}" "${std[@]}")
}

# memory FILE: prints the KB (1,024 bytes) of flash and of RAM, rounded up. What a file has in it is in flash; what is written,
# and an ESP32's code at 0x40..., is in RAM
memory() {
    local flash=0 ram=0 address size memory flags
    while read -r address size memory flags; do
        flash=$((flash + size))
        [[ $flags != *W* && $address$flags != 0x40*E ]] || ram=$((ram + memory))
    done < <(llvm-readelf -lW "$1" | awk '$1 == "LOAD" { print $3, $5, $6, $7 $8 }')
    echo "$(((flash + 1023) / 1024)) $(((ram + 1023) / 1024))"
}

# link NAME FOLDER TARGET [FEATURES]: links a program, and prints its row of the README's table
link() {
    local flash=- ram=- model=tiny
    compile "${@:2}"
    [[ ${4:-} != *compact* ]] || model=compact
    if command -v llvm-readelf >/dev/null; then
        read -r flash ram < <(memory "$CARGO_TARGET_DIR/$3/release/$2")
    fi
    echo "| ${1/,/, } | \`$model\` | $flash | $ram |"
}

# run_qemu: runs the main loop and compares what it prints
run_qemu() {
    compile qemu thumbv7em-none-eabihf
    command -v qemu-system-arm >/dev/null || { echo "skipped: no qemu-system-arm" && return; }
    cargo run --quiet --release --manifest-path ../cortex-m/Cargo.toml -p reference -- ../../models/tiny.timbrel \
        >"$CARGO_TARGET_DIR/expected"
    timeout 1200 qemu-system-arm -machine mps2-an386 -nographic -monitor none -serial null \
        -semihosting-config enable=on,target=native -icount shift=3,sleep=off \
        -kernel "$CARGO_TARGET_DIR/thumbv7em-none-eabihf/release/qemu" </dev/null >"$CARGO_TARGET_DIR/printed"
    cmp "$CARGO_TARGET_DIR/printed" "$CARGO_TARGET_DIR/expected"
    echo "the main loop under QEMU: the desktop's answer"
}

cargo fmt --all --check
[ $# -gt 0 ] || { echo "formatting holds; .ci/run nightly runs the rest" && exit; }
command -v llvm-readelf >/dev/null || echo "skipped: no llvm-readelf, so no sizes"
for board in "$@"; do
    [[ " all qemu ${programs[*]} " == *" $board "* ]] || { echo "check.sh: no board $board" >&2 && exit 2; }
done
for program in "${programs[@]}"; do
    read -r name folder target features <<<"$program"
    [[ " $* " == " all " || " $* " == *" $folder "* ]] || continue
    link "$name" "$folder" "$target" "$features"
done
[[ " $* " != " all " && " $* " != *" qemu "* ]] || run_qemu
