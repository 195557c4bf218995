#!/usr/bin/env bash
# Counts the instructions of Timbrel and of its peers on aarch64, under QEMU: one window of a model beside ONNX Runtime and
# LiteRT, and one second of audio resampled beside soxr's HQ. Prints tables, and the ratio of each count to Timbrel's.
#
#     python3 -m venv venv && venv/bin/pip install -r core/benches/peers/requirements.txt
#     core/benches/peers/aarch64.sh venv FOLDER [MODEL...]
#
# FOLDER keeps what is fetched: Debian's Python and libsoxr for arm64, which are unpacked and not installed, and the wheels of
# requirements.txt for aarch64. Each count is the difference between doing a thing 11 times and once, divided by 10, on a
# Cortex-A72 (NEON, as in a Raspberry Pi 4) and a Cortex-A76 (dot product too, as in a Raspberry Pi 5).
#
# needs Linux on x86-64, qemu-aarch64 with plugins, aarch64-linux-gnu-gcc, debootstrap and root, PyPI
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: aarch64.sh VENV FOLDER [MODEL...]" >&2; exit 2; }
python=$(realpath "$1")/bin/python
mkdir -p "$2"
folder=$(realpath "$2")
shift 2
models=("${@:-compact}")
cd "$(dirname "$0")"
root=$(realpath ../../..)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
guest=$folder/guest
programs=$target/aarch64-unknown-linux-gnu/release/examples

skip() { echo "skipped: $*"; exit 0; }
for tool in qemu-aarch64 aarch64-linux-gnu-gcc cc; do
    command -v "$tool" >/dev/null || skip "counting on aarch64 needs $tool"
done
[ -x "$python" ] || skip "no $python, a Python with requirements.txt"

# fetch_debian: leaves Debian's packages for arm64 unpacked in $guest
fetch_debian() {
    [ ! -e "$folder/debian.done" ] || return 0
    command -v debootstrap >/dev/null && [ "$(id -u)" = 0 ] || skip "fetching Debian's packages for arm64 needs debootstrap and root"
    local packages deb
    packages=$folder/packages
    debootstrap --download-only --arch=arm64 --variant=minbase --include=python3,libsoxr-dev,libgomp1 bookworm \
        "$packages" >"$folder/debootstrap.log" 2>&1 || skip "debootstrap fails: $(tail -1 "$folder/debootstrap.log")"
    mkdir -p "$guest"
    # all that Python, the wheels and soxr load; the rest is for a system that boots
    for deb in "$packages"/var/cache/apt/archives/{lib*,python3*,zlib1g*}.deb; do
        dpkg-deb -x "$deb" "$guest"
    done
    touch "$folder/debian.done"
}

# fetch_wheels: leaves the runtimes for aarch64 in $folder/site
fetch_wheels() {
    [ ! -e "$folder/wheels.done" ] || return 0
    local platforms=() glibc
    for glibc in 2_17 2_26 2_27 2_28; do platforms+=(--platform "manylinux_${glibc}_aarch64"); done
    grep -E '^(ai-edge-litert|numpy|onnxruntime)==' requirements.txt >"$folder/requirements.txt"
    "$python" -m pip install --quiet --no-deps --only-binary=:all: --python-version 3.11 --implementation cp \
        "${platforms[@]}" --target "$folder/site" -r "$folder/requirements.txt" >"$folder/pip.log" 2>&1 ||
        skip "pip fails: $(tail -1 "$folder/pip.log")"
    touch "$folder/wheels.done"
}

# become CPU: what Linux says there about the processor, from which ONNX Runtime and LiteRT choose their loops
become() {
    local features="fp asimd aes pmull sha1 sha2 crc32 cpuid" part=0xd08
    if [ "$1" = cortex-a76 ]; then
        features="fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
        part=0xd0b
    fi
    mkdir -p "$guest/proc" "$guest/sys/devices/system/cpu"
    printf 'processor\t: 0\nFeatures\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: %s\nCPU revision\t: 3\n' \
        "$features" "$part" >"$guest/proc/cpuinfo"
    local file
    for file in present possible online; do echo 0 >"$guest/sys/devices/system/cpu/$file"; done
}

# totals CPU COMMAND...: the instructions at the end of each process of a command
totals() {
    local cpu=$1
    shift
    qemu-aarch64 -cpu "$cpu" -L "$guest" -E PYTHONPATH="$folder/site" -E PYTHONHASHSEED=0 -E PYTHONDONTWRITEBYTECODE=1 \
        -plugin "$folder/libicount.so" "$@" 2>&1 >/dev/null | tee "$folder/last.log" | sed -n 's/^total: //p' | grep . ||
        { cat "$folder/last.log" >&2; return 1; }
}

# tenth NAME COMMAND...: prints NAME and the instructions of one time, of a function that takes the number of times
tenth() {
    local name=$1 once more
    shift
    once=$("$@" 1) && more=$("$@" 11) || { echo "skipped: $name cannot be counted" >&2; return 0; }
    printf '%s\t%s\n' "$name" $(((more - once) / 10))
}

timbrel_windows() { # CPU MODEL TIMES
    # set 0 is the best that the processor has
    totals "$1" "$programs/windows" "$root/models/$2.timbrel" <<<"0 $3"
}
timbrel_resampler() { # CPU FROM TIMES
    totals "$1" "$programs/resampler" <<<"$2 22050 $seconds $3"
}
soxr() { # CPU FROM TIMES
    totals "$1" "$folder/soxr" "$2" 22050 "$seconds" "$3"
}
peer_windows() { # CPU MODEL: one line for each runtime
    totals "$1" "$guest/usr/bin/python3.11" aarch64_windows.py "$folder/$2.npz" >"$folder/totals" ||
        { echo "skipped: the peers cannot be counted" >&2; return 0; }
    # the last total is that of the process itself
    sed '$d' "$folder/totals" | paste - - | paste "$folder/runtimes" - |
        awk -F '\t' -v OFS='\t' '{ print $1, ($3 - $2) / 10 }'
}

# table TITLE UNIT: a table from lines `NAME<tab>COUNT`, the first of which is Timbrel's
table() {
    awk -F '\t' -v title="$1" -v per="${2:-1}" '
        NR == 1 { first = $2; printf "\n| %s | instructions | ratio |\n|---|---:|---:|\n", title }
        { printf "| %s | %.0f | %.2f |\n", $1, $2 / per, $2 / first }'
}

build() {
    local std=()
    [ -z "${TIMBREL_BUILD_STD:-}" ] || std=(-Zbuild-std=std,panic_unwind)
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} \
        build --quiet --release -p timbrel-core --example windows --example resampler \
        --target aarch64-unknown-linux-gnu "${std[@]}"
    cc -O2 -shared -fPIC -o "$folder/libicount.so" "$root/examples/cortex-m/qemu/icount.c"
    aarch64-linux-gnu-gcc -O2 -I "$guest/usr/include" -o "$folder/soxr" aarch64_soxr.c \
        -L "$guest/usr/lib/aarch64-linux-gnu" -l:libsoxr.so.0 -Wl,--allow-shlib-undefined
    printf '%s\n' "ONNX Runtime int8" "ONNX Runtime f32" "LiteRT int8 (XNNPACK)" >"$folder/runtimes"
    local model
    for model in "${models[@]}"; do
        "$python" aarch64_models.py "$root/models/$model.timbrel" "$folder/$model.npz"
    done
}

fetch_debian
fetch_wheels
build
# enough that making a resampler, which is counted too, hardly matters
seconds=10
for cpu in cortex-a72 cortex-a76; do
    become "$cpu"
    for model in "${models[@]}"; do
        {
            tenth Timbrel timbrel_windows "$cpu" "$model"
            peer_windows "$cpu" "$model"
        } | table "$cpu, one window of $model"
    done
    for rate in 16000 44100 48000; do
        {
            tenth Timbrel timbrel_resampler "$cpu" "$rate"
            tenth "soxr HQ" soxr "$cpu" "$rate"
        } | table "$cpu, one second from $rate Hz" "$seconds"
    done
done
