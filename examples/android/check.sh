#!/usr/bin/env bash
# The Android library without a phone: its Kotlin class and its bridge run on a desktop's JVM, with the same answers as
# the Rust program, and the bridge links for every ABI that the app ships.
# Takes cmake, a JDK, JUnit 4 and a Kotlin compiler (KOTLIN_HOME, or fetched with npm); for the ABIs clang and lld.
# CARGO_CROSS, for example "cargo +nightly -Zbuild-std", builds where `rustup target add` cannot.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in java javac cmake npm python3; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 0; }
done
junit=/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar
[ -f "${junit%%:*}" ] || { echo "skipped: no JUnit 4 (Debian: junit4)"; exit 0; }

# the version that build.gradle.kts names; npm's package is the complete compiler
kotlin=$(sed -n 's/.*org.jetbrains.kotlin.android.*version "\(.*\)" .*/\1/p' build.gradle.kts)
home=${KOTLIN_HOME:-$cache/kotlin-$kotlin/node_modules/kotlin-compiler}
[ -d "$home" ] || npm install --silent --no-fund --no-audit --prefix "$cache/kotlin-$kotlin" "kotlin-compiler@$kotlin"
kotlinc() { java -Xmx1g -cp "$home/lib/kotlin-preloader.jar" org.jetbrains.kotlin.preloading.Preloader \
    -cp "$home/lib/kotlin-compiler.jar" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -kotlin-home "$home" -Werror "$@"; }

echo "the bridge for this machine's JVM"
cargo build -q --release -p timbrel-ffi -p classify
export JAVA_HOME
JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
cmake -S timbrel/src/main/cpp -B "$work/bridge" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$work/bridge" >/dev/null

echo "the library and its tests, in Kotlin $kotlin"
tests=$home/lib/kotlin-test.jar:$home/lib/kotlin-test-junit.jar:$junit
kotlinc -jvm-target 1.8 -Xjdk-release=8 -d "$work/library.jar" timbrel/src/main/kotlin
kotlinc -cp "$work/library.jar:$tests" -Xfriend-paths="$work/library.jar" -d "$work/tests.jar" timbrel/src/test/kotlin

run() { java -Xcheck:jni -Djava.library.path="$work/bridge" -Dtimbrel.root="$root" \
    -cp "$work/library.jar:$work/tests.jar:$home/lib/kotlin-stdlib.jar:$tests" "$@"; }
run org.junit.runner.JUnitCore org.timbrel.ClassifierTest | tee "$work/junit"
if grep -E 'WARNING|FATAL ERROR' "$work/junit"; then exit 1; fi

python3 ../c/tunes.py "$work"
run org.timbrel.ClassifyKt "$root/models/compact.timbrel" "$work"/*.wav >"$work/kotlin.json"
"$CARGO_TARGET_DIR/release/classify" --json "$work"/*.wav >"$work/rust.json"
diff "$work/kotlin.json" "$work/rust.json"
echo "Kotlin and Rust agree on $(wc -l <"$work/rust.json") files"

bash link.sh "$work"
