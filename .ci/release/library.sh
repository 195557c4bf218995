# Sourced by release.sh: the C library as one tarball per target.

# stage NAME TREE: builds the library and installs it with its headers and the model
stage() {
    if [ "$1" = wasm ]; then
        # cargo-c does not know WASI
        cargo_for rustc --quiet --release -p timbrel-ffi --lib --crate-type staticlib --target-dir "$target_dir/zig/$place"
        mkdir -p "$2/include" "$2/lib" "$2/share/timbrel"
        cp include/timbrel.h* "$2/include"
        cp "$target_dir/zig/$place/$rust/release/libtimbrel.a" "$2/lib"
        cp ffi/THIRD-PARTY.txt "$2/share/timbrel"
        return
    fi
    . ffi/cargo-c.sh
    cargo_for cinstall --release -p timbrel-ffi --target-dir "$target_dir/zig/$place" --destdir "$work/stage" \
        --prefix /timbrel --libdir /timbrel/lib 2>"$work/log" || { cat "$work/log" && exit 1; }
    mv "$work/stage/timbrel" "$2"
    rm -r "$work/stage"
    "${gnu:+$gnu-}strip" --strip-debug "$2/lib/libtimbrel.a"
    [ ! -e "$2/lib/libtimbrel.so" ] || "${gnu:+$gnu-}strip" --strip-unneeded "$2/lib/libtimbrel.so.$version"
    # the folder may be unpacked anywhere
    # shellcheck disable=SC2016 # for pkg-config
    sed -i 's|^prefix=.*|prefix=${pcfiledir}/../..|' "$2/lib/pkgconfig/timbrel.pc"
    # the compiler chooses the unwinder: gcc links libgcc_eh into a static program, where -lgcc_s would be an error
    [ "$1" != x86_64-musl ] || sed -i '/^Libs.private:/s/ -lgcc_s//' "$2/lib/pkgconfig/timbrel.pc"
}

# make_library NAME: writes timbrel-VERSION-PLACE.tar.gz
make_library() {
    local tree
    describe "$1"
    install_tools
    tree=$work/timbrel-$version-$place
    stage "$1" "$tree"
    cp models/*.timbrel docs/c-api.md "$tree/share/timbrel"
    # a card beside each
    for model in models/*.timbrel; do
        cp "${model%.timbrel}.md" "$tree/share/timbrel"
    done
    cp LICENSE-* "$tree"
    python3 docs/notices/sbom.py libtimbrel >"$tree/share/timbrel/sbom.cdx.json"
    pack "$tree" "$tarball"
}

# unpack NAME: unpacks the tarball and sets `tree`
unpack() {
    describe "$1"
    tree=$work/unpacked/timbrel-$version-$place
    [ -f "$tarball" ] || fail "no tarball of $1 in $out: make it first"
    mkdir -p "$work/unpacked"
    tar -xzf "$tarball" -C "$work/unpacked"
}

# check_library NAME: the example in C, built from the tarball alone, gives the answers of classify
check_library() {
    local tree model
    unpack "$1"
    (cd "$tree" && sha256sum --quiet --check SHA256SUMS)
    python3 -c 'import json, sys; assert json.load(sys.stdin)["components"]' <"$tree/share/timbrel/sbom.cdx.json"
    model=$tree/share/timbrel/compact.timbrel
    case $1 in
    x86_64-musl) check_musl ;;
    wasm) check_wasi ;;
    *) check_linux "$1" ;;
    esac
}

# for distributions with musl, such as Alpine: fully static, shared, and the static library with Alpine's unwinder
check_musl() {
    local -x PKG_CONFIG_LIBDIR=$tree/lib/pkgconfig
    local library=$tree/lib/libtimbrel.so needed strict=(-std=c11 -Wall -Werror) flags wheels=$work/alpine
    # shellcheck disable=SC2207 # flags are words
    flags=($(pkg-config --cflags timbrel))
    # musl's loader takes every "libc.…" for itself
    needed=$(objdump -p "$library" | sed -n 's/^ *NEEDED *//p')
    [ "$needed" = libc.so ] || fail "x86_64-musl needs ${needed//$'\n'/, }"
    CC=musl-gcc ffi/abi.py --check "$library"

    "$tools/bin/python" -m ziglang cc -target x86_64-linux-musl -static "${strict[@]}" "${flags[@]}" examples/c/classify.c \
        "$tree/lib/libtimbrel.a" -lunwind -o "$work/static"
    same "x86_64-musl, static, zig's musl and LLVM's unwinder" "$work/static" "$model"

    # shellcheck disable=SC2046
    musl-gcc "${strict[@]}" examples/c/classify.c $(pkg-config --cflags --libs timbrel) -o "$work/shared"
    same "x86_64-musl, pkg-config, shared, Debian's musl" env LD_LIBRARY_PATH="$tree/lib" "$work/shared" "$model"

    # Debian's musl-gcc has only the unwinder for glibc. Wheels for musl are made on Alpine and contain that of its gcc;
    # this one is old enough for the loader of Debian 12's musl, which knows no relative relocations (RELR)
    "$tools/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.12 \
        --platform musllinux_1_1_x86_64 --dest "$wheels" kiwisolver==1.4.5
    python3 -m zipfile -e "$wheels"/*.whl "$wheels"
    ln -s "$wheels"/kiwisolver.libs/libgcc_s-*.so.1 "$wheels/libgcc_s.so"
    musl-gcc "${strict[@]}" "${flags[@]}" examples/c/classify.c "$tree/lib/libtimbrel.a" -L "$wheels" -lgcc_s \
        -Wl,--unresolved-symbols=ignore-in-shared-libs -o "$work/static-alpine"
    same "x86_64-musl, static library, the unwinder of Alpine's gcc" \
        env LD_LIBRARY_PATH="$wheels/kiwisolver.libs" "$work/static-alpine" "$model"
}

check_wasi() {
    "$tools/bin/python" -m ziglang cc -target wasm32-wasi -std=c11 -Wall -Werror -I "$tree/include" \
        examples/c/classify.c "$tree/lib/libtimbrel.a" -o "$work/classify.wasm"
    cat >"$work/wasi.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [program, models, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...rest], preopens: { ".": ".", "/models": models } });
const { instance } = await WebAssembly.instantiate(readFileSync(program), wasi.getImportObject());
process.exitCode = wasi.start(instance);
JS
    same "wasm, in Node.js" node --no-warnings "$work/wasi.mjs" "$work/classify.wasm" "$(dirname "$model")" \
        "/models/$(basename "$model")"
}

# for Linux with glibc: static, shared, find_package, the ABI, and the oldest C library
check_linux() {
    local cc=${gnu:+$gnu-}gcc newest flags program
    for program in "$cc" "${run[@]:0:1}"; do
        command -v "$program" >/dev/null || { echo "skipped: $1 is made but not tried, for want of $program" && return; }
    done
    newest=$("${gnu:+$gnu-}objdump" -T "$tree/lib/libtimbrel.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    [ "$(printf '%s\nGLIBC_2.17\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.17 ] || fail "$1 needs $newest"
    CC=$cc NM=${gnu:+$gnu-}nm RUNNER="${run[*]}" ffi/abi.py --check "$tree/lib/libtimbrel.so"
    local -x PKG_CONFIG_LIBDIR=$tree/lib/pkgconfig
    [ "$(pkg-config --modversion timbrel)" = "$version" ] || fail "$1: timbrel.pc has another version"
    # shellcheck disable=SC2046 # flags are words
    "$cc" -std=c11 -Wall -Werror examples/c/classify.c $(pkg-config --cflags --libs timbrel) -o "$work/shared"
    same "$1, pkg-config, shared" env LD_LIBRARY_PATH="$tree/lib" "${run[@]}" "$work/shared" "$model"
    flags=$(pkg-config --static --cflags --libs timbrel | sed 's/-ltimbrel/-l:libtimbrel.a/')
    # shellcheck disable=SC2086
    "$cc" -std=c11 -Wall -Werror examples/c/classify.c $flags -o "$work/static"
    same "$1, pkg-config, static" "${run[@]}" "$work/static" "$model"
    if [ -z "$gnu" ]; then
        cmake -S examples/cmake/find_package -B "$work/cmake" -DCMAKE_PREFIX_PATH="$tree" >"$work/log"
        cmake --build "$work/cmake" >>"$work/log" || { cat "$work/log" && exit 1; }
        same "$1, find_package, C" "$work/cmake/classify_c" "$model"
        same "$1, find_package, C++" "$work/cmake/classify_cpp" "$model"
    fi
}
