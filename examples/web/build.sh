#!/usr/bin/env bash
# Makes dist/: the page, and the npm package in dist/timbrel.
#
# TIMBREL_SOURCE       address of the source code, for a link at the foot of the page
# TIMBREL_TOOLCHAIN, TIMBREL_BUILD_STD: as in examples/cortex-m/common.sh
set -euo pipefail
cd "$(dirname "$0")"
target=wasm32-unknown-unknown
target_dir=${CARGO_TARGET_DIR:-target}
std=()
if [ -n "${TIMBREL_BUILD_STD:-}" ]; then
    std=(-Zbuild-std=std,panic_abort)
elif ! [ -d "$(rustc --print target-libdir --target "$target")" ]; then
    echo "build.sh: no standard library for $target: rustup target add $target" >&2
    exit 1
fi

# wasm NAME FLAGS: compiles into dist/timbrel/NAME
wasm() {
    cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} build --quiet --release --target "$target" "${std[@]}" \
        --config "target.$target.rustflags=[$2]" --target-dir "$target_dir/web"
    cp "$target_dir/web/$target/release/timbrel_web.wasm" "dist/timbrel/$1"
}

rm -rf dist
mkdir -p dist/timbrel
cp page/* dist/
cp package/* ../../LICENSE-* ../../docs/notices/timbrel-web/THIRD-PARTY.txt dist/timbrel/
wasm timbrel.wasm '"-Cstrip=symbols"'
wasm timbrel.simd.wasm '"-Cstrip=symbols","-Ctarget-feature=+simd128"'
if [ -n "${TIMBREL_SOURCE:-}" ]; then
    sed -i "s|<!-- SOURCE -->| · <a href=\"$TIMBREL_SOURCE\">Source code</a>|" dist/index.html
fi

# for use offline: the files that a browser with SIMD needs, under a name that changes with it
files=$(cd dist && find . -type f ! -name sw.js ! -name timbrel.wasm ! -name '*.json' ! -name '*.d.ts' | LC_ALL=C sort | sed 's|^\./||')
version=$(cd dist && cat $files | sha256sum | cut -c 1-16)
sed -i "s|@VERSION@|$version|; s|\"@FILES@\"|$(sed 's/.*/"&"/' <<<"$files" | paste -sd ,)|" dist/sw.js
wc -c dist/timbrel/*.wasm
