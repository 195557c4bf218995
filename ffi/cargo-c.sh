# Sourced: makes `cargo cinstall` available. Debian 12's cargo-c is too old for this edition of Rust, so that it is
# built from crates.io where there is none; unoptimised, which is quicker and fast enough.
if ! cargo cinstall --version >/dev/null 2>&1; then
    PATH=${TIMBREL_CACHE:-$HOME/.cache/timbrel}/tools/bin:$PATH
    export PATH
fi
if ! cargo cinstall --version >/dev/null 2>&1; then
    # without the variable cargo builds in a temporary folder
    env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug \
        --root "${TIMBREL_CACHE:-$HOME/.cache/timbrel}/tools" cargo-c --version 0.10.24+cargo-0.98.0
fi
