#!/usr/bin/env bash
# The Debian packages as a Raspberry Pi gets them: built, inspected, unpacked, and their programs run by qemu-user
# with a file as the microphone. They must answer what the desktop answers.
#
#     check.sh [FOLDER]      of packages that are built already
#
# TIMBREL_DEB_ARCHITECTURES   some of arm64, armhf and amd64; by default the first two
set -euo pipefail
debs=${1:+$(cd "$1" && pwd)}
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=${CARGO_TARGET_DIR:-$root/target}
architectures=${TIMBREL_DEB_ARCHITECTURES:-arm64 armhf}

for program in dpkg-deb pkg-config python3 qemu-aarch64 qemu-arm aarch64-linux-gnu-gcc arm-linux-gnueabihf-gcc; do
    if ! command -v "$program" >/dev/null; then
        echo "skipped: no $program"
        exit 0
    fi
done
if [ -z "$debs" ]; then
    debs=$work/debs
    [ -n "${TIMBREL_BUILD_STD:-}" ] ||
        rustup --quiet target add aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf
    # shellcheck disable=SC2086 # architectures are words
    ./make-debs.sh "$debs" $architectures
fi
if command -v lintian >/dev/null; then
    # A fictitious maintainer, and a first version that closes no bug. The -dev packages are left out: lintian takes
    # minutes over a static library.
    find "$debs" -name '*.deb' ! -name '*-dev_*' -print0 | xargs -0 lintian --allow-root --fail-on error \
        --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs
else
    echo "skipped: no lintian"
fi
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$PWD/debian/timbrel-live.service"
fi

# the maintainer scripts, with recorders in place of systemd's programs
mkdir -p "$work/bin" "$work/systemd"
for program in systemctl deb-systemd-invoke; do
    # shellcheck disable=SC2016 # for the recorder
    printf '#!/bin/sh\necho "$(basename "$0") $*" >>"%s"\n' "$work/calls" >"$work/bin/$program"
done
chmod 755 "$work/bin"/*
maintain() { # SCRIPT ARGUMENTS EXPECTED: the calls that a script makes
    local script=$1 arguments=$2 expected=$3
    : >"$work/calls"
    # shellcheck disable=SC2086 # arguments are words
    sed "s|/run/systemd/system|$work/systemd|; s|/etc/systemd|$work/etc|" "debian/timbrel-live.$script" |
        PATH=$work/bin:$PATH sh -s -- $arguments
    diff <(printf '%s' "$expected") <(tr '\n' ';' <"$work/calls") || { echo "$script $arguments"; exit 1; }
}
maintain postinst "configure" "systemctl daemon-reload;"
maintain postinst "configure 0.1.0-1" "systemctl daemon-reload;deb-systemd-invoke try-restart timbrel-live.service;"
maintain prerm "upgrade 0.2.0-1" ""
maintain prerm "remove" "deb-systemd-invoke stop timbrel-live.service;"
maintain postrm "remove" "systemctl daemon-reload;"
mkdir -p "$work/etc/system/multi-user.target.wants"
touch "$work/etc/system/multi-user.target.wants/timbrel-live.service"
maintain postrm "purge" "systemctl daemon-reload;"
test ! -e "$work/etc/system/multi-user.target.wants/timbrel-live.service"
scripts=$(dpkg-deb --ctrl-tarfile "$debs"/timbrel-live_*_"${architectures%% *}".deb | tar -t)
test "$(grep -c -E '^\./(postinst|prerm|postrm)$' <<<"$scripts")" = 3
for package in timbrel-live libtimbrel0; do
    content=$(dpkg-deb -c "$debs/$package"*_"${architectures%% *}".deb)
    grep -q "/usr/share/doc/$package.*/THIRD-PARTY.txt.gz\$" <<<"$content" || { echo "$package lacks its notices"; exit 1; }
done

# the desktop's answers, where the microphone's file is raw samples
python3 ../c/tunes.py "$work"
tail -c +45 "$work/cd.wav" >"$work/microphone"
cargo build --quiet --release -p classify --manifest-path "$root/Cargo.toml"
"$target_dir/release/classify" --json "$work/cd.wav" >"$work/desktop.json"
"$target_dir/release/classify" --json "$work"/*.wav >"$work/expected"

on() { # ARCHITECTURE TUPLE [EMULATOR]
    local sys=$work/$1 lib=$work/$1/usr/lib/$2 emulator=() flags
    [ $# -eq 2 ] || emulator=("$3" -L "/usr/$2")
    for deb in "$debs"/*_"$1".deb "$debs"/*_all.deb; do
        test "$(dpkg-deb -f "$deb" Architecture)" = "$(sed 's/.*_\(.*\)\.deb/\1/' <<<"$deb")"
        dpkg-deb -x "$deb" "$sys"
    done
    "$2-readelf" -d "$lib/libtimbrel.so" | grep -q "soname: \[$(basename "$lib"/libtimbrel.so.?.?)\]"

    # the manual page has the options of the program, all of them and no others
    diff <("${emulator[@]}" "$sys/usr/bin/timbrel-live" --help | grep -o '^ *\(-., \)\?--[a-z]*' | grep -o -e '--.*' | sort) \
        <(zcat "$sys/usr/share/man/man1/timbrel-live.1.gz" | sed 's/\\-/-/g' | grep -A 1 '^\.TP' |
            grep -o '^\.B[IR] .*--[a-z]*' | grep -o -e '--.*' | sort)
    "${emulator[@]}" "$sys/usr/bin/timbrel-live" --channels 2 --show json <"$work/microphone" >"$work/live.json"
    "${emulator[@]}" "$sys/usr/bin/timbrel-live" --channels 2 <"$work/microphone"
    python3 - "$work" <<'PY'
import json, sys

desktop = json.load(open(f"{sys.argv[1]}/desktop.json"))
lines = [json.loads(line) for line in open(f"{sys.argv[1]}/live.json")]
whole = lines.pop()
assert lines and whole["whole"]
for key in ("genre", "confidence", "probabilities", "windows", "seconds"):
    assert whole[key] == desktop[key], (key, whole[key], desktop[key])
PY
    echo "$1: timbrel-live hears what the desktop hears"

    flags=$(PKG_CONFIG_SYSROOT_DIR=$sys PKG_CONFIG_LIBDIR=$lib/pkgconfig pkg-config --cflags --libs timbrel)
    # shellcheck disable=SC2086 # flags are words
    "$2-gcc" -std=c11 -Wall -Werror ../c/classify.c $flags -o "$work/classify-$1"
    env LD_LIBRARY_PATH="$lib" "${emulator[@]}" "$work/classify-$1" "$sys/usr/share/timbrel/compact.timbrel" \
        "$work"/*.wav >"$work/answers"
    diff "$work/expected" "$work/answers"
    echo "$1: a C program built from the -dev package gives the desktop's answers"

    local check
    for check in every threads; do
        CC=$2-gcc TIMBREL_RUNNER="${emulator[*]}" bash "$root/ffi/tests/$check.sh" "$lib/libtimbrel.a"
    done
}
for architecture in $architectures; do
    case $architecture in
    arm64) on arm64 aarch64-linux-gnu qemu-aarch64 ;;
    armhf) on armhf arm-linux-gnueabihf qemu-arm ;;
    amd64) on amd64 x86_64-linux-gnu ;;
    *) echo "check.sh: $architecture is none of arm64, armhf, amd64" >&2 && exit 2 ;;
    esac
done
