# Sourced: makes `cargo cinstall` available. The edition of this project takes cargo-c 0.10.10 or later, which Debian 12
# does not have; the newest versions take a newer Rust than this project. Where no suitable one is installed, a version
# that works is built from crates.io, unoptimised, which is quicker to build and fast enough.
cargo_c_works() {
    local version oldest=0.10.10
    version=$(cargo cinstall --version 2>/dev/null | sed -n 's/^cargo-c \([0-9.]*\).*/\1/p')
    [ -n "$version" ] || return 1
    [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ] ||
        { echo "cargo-c $version is too old for this project, which takes $oldest or later" >&2 && return 1; }
}
if ! cargo_c_works; then
    cargo_c_root=${TIMBREL_CACHE:-$HOME/.cache/timbrel}/tools
    PATH=$cargo_c_root/bin:$PATH
    export PATH
    if ! cargo_c_works; then
        echo "building cargo-c 0.10.24 into $cargo_c_root, which takes some minutes" >&2
        # without the variable cargo builds in a temporary folder
        env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --force \
            --root "$cargo_c_root" cargo-c --version 0.10.24+cargo-0.98.0
        cargo_c_works || { echo "cargo-c.sh: another cargo-cinstall comes before $cargo_c_root/bin" >&2 && exit 1; }
    fi
fi
