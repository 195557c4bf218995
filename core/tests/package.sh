#!/usr/bin/env bash
# Packs timbrel-core as crates.io would get it, and runs the packed crate's own tests and documentation examples: none
# may reach for a file outside the package.
#   package.sh          all of it
#   package.sh files    only the package's files, and that it compiles
set -euo pipefail
cd "$(dirname "$0")/../.."
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
package=$target_dir/package/timbrel-core-$version

cargo package --quiet --allow-dirty --no-verify -p timbrel-core
rm -rf "$package"
tar -xzf "$package.crate" -C "$target_dir/package"
for file in README.md LICENSE-MIT LICENSE-APACHE models/compact.timbrel; do
    [ -s "$package/$file" ] || { echo "package.sh: the package lacks $file"; exit 1; }
done
# a path dependency or a file of the repository would not resolve here
if [ "${1:-}" = files ]; then
    cargo build --quiet --manifest-path "$package/Cargo.toml" --target-dir "$target_dir"
else
    cargo test --quiet --manifest-path "$package/Cargo.toml" --target-dir "$target_dir"
fi
echo "timbrel-core $version: $(wc -c <"$package.crate") bytes packed"
