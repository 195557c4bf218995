#!/usr/bin/env bash
# The Android library and app without a phone or Google's SDK: both compile against stubs of Android's classes, the library
# and its bridge run on a desktop's JVM with the same answers as the Rust program, and the bridge links for every ABI.
# Takes cmake, a JDK, JUnit 4 and a Kotlin compiler (KOTLIN_HOME, or fetched with npm); for the ABIs clang and lld.
# CARGO_CROSS, for example "cargo +nightly -Zbuild-std", builds where `rustup target add` cannot.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the wrapper's jar is the one that Gradle publishes for the version in gradle-wrapper.properties
echo "81a82aaea5abcc8ff68b3dfcb58b3c3c429378efd98e7433460610fecd7ae45f  gradle/wrapper/gradle-wrapper.jar" | sha256sum --quiet --check

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

echo "the library, the app and their tests, in Kotlin $kotlin"
tests=$home/lib/kotlin-test.jar:$home/lib/kotlin-test-junit.jar:$junit
coroutines=$home/lib/kotlinx-coroutines-core-jvm.jar
library_flags=(-jvm-target 1.8)
mapfile -t java_stubs < <(find stubs/java -name '*.java')
javac -Xlint:all -Werror --release 8 -Xlint:-options -d "$work/android" "${java_stubs[@]}"
kotlinc "${library_flags[@]}" -cp "$work/android:$coroutines" -d "$work/androidx.jar" stubs/kotlin
android=$work/android:$work/androidx.jar:$coroutines
kotlinc "${library_flags[@]}" -cp "$android" -d "$work/library.jar" timbrel/src/main/kotlin
kotlinc -cp "$work/library.jar:$android:$tests" -Xfriend-paths="$work/library.jar" -d "$work/tests.jar" timbrel/src/test/kotlin

# Debian's aapt2 and framework of API 29 read the resources as Gradle does and name them for the app's classes
framework=/usr/share/android-framework-res/framework-res.apk
if command -v aapt2 >/dev/null && [ -f "$framework" ]; then
    aapt2 compile --dir app/src/main/res -o "$work/resources.zip"
    # Gradle adds the package and the oldest API
    sed 's/<manifest /&package="org.timbrel.app" /' app/src/main/AndroidManifest.xml >"$work/AndroidManifest.xml"
    aapt2 link -I "$framework" --manifest "$work/AndroidManifest.xml" --min-sdk-version 24 --java "$work/generated" \
        -o "$work/app.apk" "$work/resources.zip"
    javac -d "$work/generated" "$work/generated/org/timbrel/app/R.java"
    kotlinc "${library_flags[@]}" -cp "$work/library.jar:$android:$work/generated" -d "$work/app.jar" app/src/main/kotlin
    echo "the app compiles"
else
    echo "skipped: no aapt2 and framework for the app (Debian: aapt, android-framework-res)"
fi

run() { java -Xcheck:jni -Djava.library.path="$work/bridge" -Dtimbrel.root="$root" \
    -cp "$work/library.jar:$work/tests.jar:$home/lib/kotlin-stdlib.jar:$android:$tests" "$@"; }
run org.junit.runner.JUnitCore org.timbrel.ClassifierTest org.timbrel.MicrophoneTest | tee "$work/junit"
if grep -E 'WARNING|FATAL ERROR' "$work/junit"; then exit 1; fi

python3 ../c/tunes.py "$work"
run org.timbrel.ClassifyKt "$root/models/compact.timbrel" "$work"/*.wav >"$work/kotlin.json"
"$CARGO_TARGET_DIR/release/classify" --json "$work"/*.wav >"$work/rust.json"
diff "$work/kotlin.json" "$work/rust.json"
echo "Kotlin and Rust agree on $(wc -l <"$work/rust.json") files"

bash link.sh "$work"
