#!/usr/bin/env bash
# Builds the wheel, installs it into an environment of its own, away from the source, and tests it there against
# the Rust program.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=${CARGO_TARGET_DIR:-$root/target}

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    echo "skipped: no python3 with venv"
    exit 0
fi
python3 -m venv "$work/venv"
pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" wheel --no-deps --wheel-dir "$work" .
wheel=$(echo "$work"/timbrel-*.whl)
echo "$(basename "$wheel"), $(wc -c <"$wheel") bytes"
"${pip[@]}" install "$wheel[test]"
content=$(python3 -m zipfile -l "$wheel")
for file in LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt; do
    grep -q "timbrel/licenses/$file " <<<"$content" || { echo "the wheel lacks $file"; exit 1; }
done

cargo build --quiet --release -p classify
cp -r tests pyproject.toml "$work"
cd "$work"
"$work/venv/bin/mypy" -p timbrel
TIMBREL_CLASSIFY=$target_dir/release/classify TIMBREL_FIXTURES=$root/core/tests/fixtures \
    "$work/venv/bin/pytest" -q -rs -p no:cacheprovider tests
