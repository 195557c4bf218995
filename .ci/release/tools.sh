# Sourced by release.sh: compilers and linkers for every target.
#
# Libraries are linked by zig (ziglang and cargo-zigbuild on PyPI), against glibc 2.17, so that they run on every Linux
# distribution since 2014, whichever one this is.

tools=${TIMBREL_CACHE:-$HOME/.cache/timbrel}/release

install_tools() {
    [ ! -x "$tools/bin/auditwheel" ] || return 0
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check ziglang cargo-zigbuild auditwheel "hatchling>=1.27" packaging
}

# describe NAME: sets these properties of a target
#   rust    Rust's name                 zig   zig's name
#   gnu     the prefix of Debian's gcc and binutils, without hyphen; empty: those of this machine
#   place   the name of the tarball     run   the emulator for its programs
describe() {
    run=() gnu=
    case $1 in
    x86_64) rust=x86_64-unknown-linux-gnu zig=x86_64-linux-gnu.2.17 place=x86_64-linux-gnu ;;
    x86_64-musl) rust=x86_64-unknown-linux-musl zig=x86_64-linux-musl place=x86_64-linux-musl ;;
    aarch64)
        rust=aarch64-unknown-linux-gnu zig=aarch64-linux-gnu.2.17 place=aarch64-linux-gnu gnu=aarch64-linux-gnu
        run=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
        ;;
    armv7)
        rust=armv7-unknown-linux-gnueabihf zig=arm-linux-gnueabihf.2.17 place=armv7-linux-gnueabihf
        gnu=arm-linux-gnueabihf run=(qemu-arm -L /usr/arm-linux-gnueabihf)
        ;;
    wasm) rust=wasm32-wasip1 zig=wasm32-wasi place=wasm32-wasi ;;
    esac
    tarball=$out/timbrel-$version-$place.tar.gz
}

# linker: writes a linker for the described target and prints its path, which stays the same: cargo builds everything anew
# with another linker
linker() {
    local script=$tools/link-$rust
    cat >"$script.new" <<LINK
#!/bin/sh
PATH=$tools/bin:\$PATH exec cargo-zigbuild zig cc -- -g -target $zig "\$@"
LINK
    chmod +x "$script.new"
    mv "$script.new" "$script"
    echo "$script"
}

# cargo_for COMMAND...: cargo for the described target, with rustup's standard library or one that is built on the way
cargo_for() {
    local upper
    upper=$(tr 'a-z-' 'A-Z_' <<<"$rust")
    local -x "CARGO_TARGET_${upper}_LINKER=$(linker)"
    # Rust's default for musl is fully static, which leaves no shared library
    [ "$zig" != x86_64-linux-musl ] || local -x "CARGO_TARGET_${upper}_RUSTFLAGS=-Ctarget-feature=-crt-static"
    if [ -d "$(rustc --print target-libdir --target "$rust")" ]; then
        cargo "$@" --target "$rust"
    elif [ -n "${TIMBREL_BUILD_STD:-}" ]; then
        CARGO_UNSTABLE_BUILD_STD=std,panic_abort cargo ${TIMBREL_TOOLCHAIN:+"+$TIMBREL_TOOLCHAIN"} "$@" --target "$rust"
    else
        fail "no standard library for $rust: rustup target add $rust"
    fi
}

# pack FOLDER FILE.tar.gz: moves the folder into a tarball with the SHA-256 of each file; the same files give the same bytes
pack() {
    (cd "$1" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$(dirname "$1")" -c "$(basename "$1")" |
        gzip -9n >"$2"
    rm -r "$1"
}
