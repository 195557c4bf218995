#!/usr/bin/env bash
# The C interface under sanitizers with every side instrumented: the library, Rust's standard library, and the C and C++
# programs that call it. AddressSanitizer with LeakSanitizer, and UndefinedBehaviorSanitizer in C and C++, while Rust checks
# overflows, alignment and the preconditions of its unsafe functions; then ThreadSanitizer. What misuse.c does wrong has to
# be found inside the library.
#
#     sanitizers.sh [address] [thread]      both if neither is named
#
# TIMBREL_TOOLCHAIN   a nightly Rust with its component rust-src; nightly if unset
set -euo pipefail
cd "$(dirname "$0")/../.."
export RUSTUP_TOOLCHAIN=${TIMBREL_TOOLCHAIN:-nightly}
target=x86_64-unknown-linux-gnu
target_dir=${CARGO_TARGET_DIR:-$PWD/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() { echo "skipped: $* for the sanitizers" && exit 0; }
[ "$(uname -sm)" = "Linux x86_64" ] || skip "no $target"
source=$(rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std
[ -d "$source" ] || skip "no nightly compiler with the standard library's source"
command -v clang++ >/dev/null || skip "no clang"
runtimes=$(rustc --print sysroot)/lib/rustlib/$target/lib

# a finding is an error with its own status; a program that must fail may not fail by one
export ASAN_OPTIONS=exitcode=99:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export LSAN_OPTIONS=exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1:exitcode=99
# without a long history it drops a race whose earlier access it cannot name any more
export TSAN_OPTIONS=exitcode=99:halt_on_error=1:second_deadlock_stack=1:history_size=7
symbolizer=$(command -v llvm-symbolizer || ls /usr/lib/llvm-*/bin/llvm-symbolizer 2>/dev/null | head -n 1)
[ -z "$symbolizer" ] || export ASAN_SYMBOLIZER_PATH=$symbolizer

fails() { # PROGRAM ARGUMENT...: it ends with an error of its own
    local status=0
    "$@" >"$work/out" 2>"$work/err" || status=$?
    if [ "$status" -ne 1 ]; then
        cat "$work/err"
        echo "status $status, not 1: $*"
        exit 1
    fi
}

finds() { # WORDS PROGRAM ARGUMENT...: a sanitizer ends it, with WORDS and a line of core or of the interface
    local words=$1 status=0
    shift
    "$@" >"$work/out" 2>"$work/err" || status=$?
    if [ "$status" -ne 99 ] || ! grep -q "$words" "$work/err" || ! grep -qE '(core|ffi)/src/' "$work/err"; then
        cat "$work/err"
        echo "status $status, should be 99 with '$words': $*"
        exit 1
    fi
}

# Cargo for one sanitizer; with a target named, build scripts and procedural macros are not instrumented.
instrumented() { # SANITIZER COMMAND ARGUMENT...
    local sanitizer=$1 command=$2
    shift 2
    RUSTFLAGS="-Zsanitizer=$sanitizer -Cforce-frame-pointers=yes" cargo "$command" --quiet --release --target "$target" \
        --target-dir "$target_dir/sanitizers/$sanitizer" -Zbuild-std=std,panic_unwind \
        --config 'profile.release.debug="line-tables-only"' --config profile.release.debug-assertions=true "$@"
}

# The runtime is Rust's: code of its LLVM calls functions that the runtime of an older clang lacks. It is made for C, so two
# checks that only C++ has, of virtual functions and of calls through pointers, are left out.
compile() { # COMPILER STANDARD SOURCE... -o PROGRAM: for the sanitizer at hand
    local compiler=$1 standard=$2
    shift 2
    "$compiler" "-std=$standard" -g -O1 -fno-omit-frame-pointer "${checks[@]}" -Iinclude -Iexamples/c "$@" "$library" \
        -fno-sanitize-link-runtime -rdynamic -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive \
        -lpthread -ldl -lm -lresolv
}

build() { # SANITIZER: the library and the programs
    case $1 in
    address) checks=(-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all) ;;
    thread) checks=(-fsanitize=thread) ;;
    esac
    runtime=$(ls "$runtimes"/librustc*_rt."${1:0:1}san.a")
    library=$target_dir/sanitizers/$1/$target/release/libtimbrel.a
    bin=$work/$1
    mkdir "$bin"
    instrumented "$1" build -p timbrel-ffi
    compile clang c11 ffi/tests/every/*.c -o "$bin/every"
    compile clang c11 -DTHREADS=16 ffi/tests/threads.c -o "$bin/threads"
    compile clang c11 ffi/tests/misuse.c -o "$bin/misuse"
    compile clang c11 examples/c/classify.c -o "$bin/classify"
    compile clang++ c++17 examples/cpp/test.cpp -o "$bin/test"
    compile clang++ c++17 -DTIMBREL_NO_EXCEPTIONS -fno-exceptions examples/cpp/test.cpp -o "$bin/test-expected"
    compile clang++ c++17 -fno-exceptions examples/cpp/listen.cpp -o "$bin/listen"
}

programs() { # every program, on good and on bad input
    local model=models/compact.timbrel fixture=core/tests/fixtures/second extension
    for extension in mp3 flac ogg m4a; do
        "$bin/every" "$model" "$fixture.$extension"
    done
    "$bin/threads" models/tiny.timbrel
    "$bin/threads" models/tiny.timbrel warm
    "$bin/test" "$model" "$fixture.mp3"
    "$bin/test-expected" "$model" "$fixture.mp3"
    "$bin/classify" "$model" "$work"/*.wav >"$work/answers"
    echo "classify.c: $(wc -l <"$work/answers") files"
    tail -c +45 "$work/cd.wav" | "$bin/listen" "$model" >/dev/null
    fails "$bin/classify" "$work/cut.timbrel" "$work/short.wav"
    fails "$bin/classify" "$model" "$work/text.bad" "$work/empty.bad" "$work/short.wav"
    fails "$bin/listen" "$work/cut.timbrel" </dev/null
    fails "$bin/listen" "$model" </dev/null
}

controls() { # SANITIZER: what is wrong is found
    case $1 in
    address)
        finds heap-buffer-overflow "$bin/misuse" models/tiny.timbrel overread
        finds "detected memory leaks" "$bin/misuse" models/tiny.timbrel leak
        ;;
    thread) finds "data race" "$bin/misuse" models/tiny.timbrel race ;;
    esac
}

python3 examples/c/tunes.py "$work"
head -c 1000 models/compact.timbrel >"$work/cut.timbrel"
printf 'this is not music' >"$work/text.bad"
: >"$work/empty.bad"

[ $# -gt 0 ] || set -- address thread
for sanitizer; do
    build "$sanitizer"
    controls "$sanitizer"
    programs
    echo "$sanitizer: what misuse.c does is found, and nothing else"
done
