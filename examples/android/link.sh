#!/usr/bin/env bash
# Links the bridge for Android without the NDK, `link.sh FOLDER`: symbols of the NDK's C library stay unresolved. This
# shows that the libraries build, that all of Timbrel's symbols are there, and that segments lie on pages of 16 KB.
# TIMBREL_ANDROID_TARGETS names fewer targets than the AAR has.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
read -ra cargo <<<"${CARGO_CROSS:-cargo}"
work=$1

for tool in clang ld.lld llvm-readelf; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool to link for Android"; exit 0; }
done
# jni.h includes it and uses nothing of it
mkdir -p "$work/headers"
: >"$work/headers/stdio.h"
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
jni_flags=(-isystem "$jdk/include" -isystem "$jdk/include/linux" -isystem "$work/headers")

# the AAR's folders for libraries, and the targets that fill them
for pair in arm64-v8a:aarch64-linux-android armeabi-v7a:armv7-linux-androideabi x86:i686-linux-android \
    x86_64:x86_64-linux-android; do
    triple=${pair#*:}
    [[ " ${TIMBREL_ANDROID_TARGETS:-$triple} " == *" $triple "* ]] || continue
    mkdir -p "$work/jni/${pair%%:*}"
    if [ -z "${CARGO_CROSS:-}" ] && ! rustup target list --installed | grep -qx "$triple"; then
        echo "skipped: no Rust target $triple"
        continue
    fi
    (cd "$root" && "${cargo[@]}" rustc -q --release -p timbrel-ffi --no-default-features --features std \
        --crate-type staticlib --target "$triple")
    library=$work/jni/${pair%%:*}/libtimbrel_jni.so
    # the flags of CMakeLists.txt without --no-undefined
    clang --target="${triple/armv7/armv7a}24" -O2 -std=c11 -ffreestanding -nostdlibinc -fPIC -fvisibility=hidden -Wall -Wextra -Werror \
        -I "$root/include" "${jni_flags[@]}" -c timbrel/src/main/cpp/timbrel_jni.c -o "$work/$triple.o"
    clang --target="${triple/armv7/armv7a}24" -fuse-ld=lld -shared -nostdlib -s \
        -Wl,-z,max-page-size=16384 -Wl,--gc-sections -Wl,--version-script=timbrel/src/main/cpp/exports.map \
        "$work/$triple.o" "$target_dir/$triple/release/libtimbrel.a" -o "$library"
    llvm-readelf -lW "$library" | awk '$1 == "LOAD" { n++; if ($NF != "0x4000") exit 1 } END { exit n == 0 }' ||
        { echo "$triple: a segment is not aligned to 16 KB"; exit 1; }
    symbols=$(llvm-readelf --dyn-syms -W "$library")
    if grep -E 'UND +(timbrel_|Java_)' <<<"$symbols"; then echo "$triple: open symbols of Timbrel's own"; exit 1; fi
    exported=$(awk '$7 != "UND" && $5 == "GLOBAL" { print $8 }' <<<"$symbols" | grep -vE '^(Java_org_timbrel_Native_.*|JNI_OnLoad)$' || true)
    [ -z "$exported" ] || { echo "$triple: exports $exported"; exit 1; }
    echo "$triple: $(stat -c %s "$library") bytes, segments on pages of 16 KB"
done
