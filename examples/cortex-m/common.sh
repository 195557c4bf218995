# Sourced by run.sh and measure.sh: boards, building, emulating.
#
# TIMBREL_TOOLCHAIN   toolchain for the boards, as in `cargo +NAME`
# TIMBREL_BUILD_STD   not empty: the toolchain has no targets, only the standard library's source
#
# The firmware and the C library are two workspaces, which would each build into a folder of their own.
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-$(dirname "${BASH_SOURCE[0]}")/target}")
export CARGO_TARGET_DIR
target_dir=$CARGO_TARGET_DIR
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, Rust target, QEMU machine, flags for cargo
boards=(
    "Cortex-M4F thumbv7em-none-eabihf mps2-an386"
    "Cortex-M4F+DSP thumbv7em-none-eabihf mps2-an386 --features dsp"
    "Cortex-M7 thumbv7em-none-eabihf mps2-an500"
    "Cortex-M55 thumbv8m.main-none-eabihf mps3-an547"
    # no FPU: all floating point is software
    "Cortex-M3 thumbv7m-none-eabi mps2-an385"
    # QEMU has no ARMv6-M board with enough memory; a Cortex-M3 runs its code, instruction for instruction
    "Cortex-M0+ thumbv6m-none-eabi mps2-an385"
)

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

# on_boards COMMAND...: runs `cargo +TOOLCHAIN COMMAND`, with the flags that an incomplete toolchain needs
on_boards() {
    local std=()
    [ -z "${TIMBREL_BUILD_STD:-}" ] || std=(-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem)
    cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} "$@" "${std[@]}"
}

# build TARGET [FLAGS...]: builds the firmware's programs into $target_dir/TARGET/release
build() {
    local target=$1
    shift
    if [ -z "${TIMBREL_BUILD_STD:-}" ]; then
        [ -d "$(rustc ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} --print target-libdir --target "$target")" ] ||
            fail "no standard library for $target: rustup target add $target"
    fi
    on_boards build --quiet --release -p firmware --target "$target" "$@"
}

# build_c TARGET MACHINE ELF [FLAGS...]: builds the firmware in C with the static library
build_c() {
    local target=$1 machine=$2 elf=$3
    shift 3
    on_boards rustc --quiet --manifest-path ../../Cargo.toml -p timbrel-ffi --lib --crate-type staticlib \
        --no-default-features --profile embedded --target "$target" "$@"
    link_c "$target" "${machine%%-*}" "$elf"
}

# link_c TARGET MAP ELF: compiles the firmware in C and links it for a memory map in boards/, with the library of build_c
link_c() {
    local target=$1 map=$2 elf=$3 core gcc
    case $target in
        thumbv7em-none-eabihf) core="-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard" ;;
        thumbv8m.main-none-eabihf) core="-mcpu=cortex-m55 -mfloat-abi=hard" ;;
        thumbv7m-none-eabi) core="-mcpu=cortex-m3 -mfloat-abi=soft" ;;
        thumbv6m-none-eabi) core="-mcpu=cortex-m0plus -mfloat-abi=soft" ;;
        *) fail "no compiler flags for $target" ;;
    esac
    gcc=$(tool gcc)
    # noexecstack: arm-none-eabi-gcc says nothing about the stack, which the linker would warn of
    # shellcheck disable=SC2086 # several flags
    "$gcc" -std=c11 -O2 -mthumb $core -Wall -Wextra -Wpedantic -Werror -ffreestanding -ffunction-sections \
        -fdata-sections -fno-pic -no-pie -nostdlib -static -I ../../include -Wa,-I,../../models \
        -Wl,--gc-sections,--build-id=none,--fatal-warnings,-z,noexecstack -T "boards/$map.x" -T c/firmware.ld \
        c/main.c c/tune.c c/board.c c/model.S "$target_dir/$target/embedded/libtimbrel.a" -o "$elf"
}

# emulate MACHINE ELF [PLUGIN]: prints the program's output, and fails if the program fails
# 8 ns per instruction, as a core of 125 to 200 MHz may need; a sleeping core skips to its next interrupt
emulate() {
    timeout 300 qemu-system-arm -machine "$1" -nographic -monitor none -serial null \
        -semihosting-config enable=on,target=native -icount shift=3,sleep=off \
        ${3:+-plugin "$3"} -kernel "$2" </dev/null
}

# prints the output that the boards must have
reference() { cargo run --quiet --release -p reference; }

# tool NAME: prints the first of the GNU and LLVM tools of that name that is installed
tool() {
    local prefix
    for prefix in arm-none-eabi- arm-linux-gnueabihf- llvm- ""; do
        command -v "$prefix$1" && return
    done
    fail "no $1: install binutils or llvm"
}
