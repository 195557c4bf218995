# Sourced by make.sh: the cores that there are archives for. package/Makefile has the C compiler's flags for each.
#
# TIMBREL_TOOLCHAIN   toolchain for the targets, as in `cargo +NAME`
# TIMBREL_BUILD_STD   not empty: the toolchain has no targets, only the standard library's source

# name, Rust target, `-C target-cpu` or -, features of the C library or -
cores=(
    "cortex-m0plus thumbv6m-none-eabi - -"
    "cortex-m3 thumbv7m-none-eabi - -"
    "cortex-m4f thumbv7em-none-eabihf - dsp"
    # softfp: the FPU computes, but floats are passed in integer registers, as some frameworks have it
    "cortex-m4f-softfp thumbv7em-none-eabi cortex-m4 dsp"
    "cortex-m7 thumbv7em-none-eabihf - dsp"
    "cortex-m33 thumbv8m.main-none-eabi - -"
    "cortex-m33f thumbv8m.main-none-eabihf cortex-m33 dsp"
    "cortex-m33f-softfp thumbv8m.main-none-eabi cortex-m33 dsp"
    "cortex-m55 thumbv8m.main-none-eabihf cortex-m55 -"
    "rv32imc riscv32imc-unknown-none-elf - -"
    "rv32imac riscv32imac-unknown-none-elf - -"
    "rv32imafc riscv32imafc-unknown-none-elf - -"
)

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

# chosen [CORE]...: the lines of these cores, of all by default
chosen() {
    local line name found
    [ $# -gt 0 ] || set -- "${cores[@]%% *}"
    for name in "$@"; do
        found=
        for line in "${cores[@]}"; do
            [ "${line%% *}" != "$name" ] || { echo "$line"; found=1; }
        done
        [ -n "$found" ] || fail "no core $name; there are ${cores[*]%% *}"
    done
}

# staticlib TARGET FILE [OPTION]...: builds the C library as cargo does
staticlib() {
    local target=$1 file=$2 toolchain=${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} std=()
    shift 2
    if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
        std=(-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem)
    # shellcheck disable=SC2086 # an option that may be absent
    elif [ ! -d "$(rustc $toolchain --print target-libdir --target "$target")" ]; then
        fail "no standard library for $target: rustup target add $target"
    fi
    # shellcheck disable=SC2086
    cargo $toolchain rustc --quiet -p timbrel-ffi --lib --crate-type staticlib --no-default-features \
        --profile embedded --target "$target" "$@" "${std[@]}"
    cp "$target_dir/$target/embedded/libtimbrel.a" "$file"
}
