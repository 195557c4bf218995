#!/usr/bin/env bash
# Makes Debian packages for Raspberry Pis:
#
#     make-debs.sh FOLDER [arm64|armhf|amd64]...
#
#   libtimbrel0.1   the shared library          libtimbrel-dev  headers, static library, pkg-config and CMake files
#   timbrel-model   the shipped model           timbrel-live    the program that listens, with a systemd unit
#
# It needs cargo-c, Debian's cross compilers and Rust's standard library for the targets (rustup target add …).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- arm64 armhf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target_dir=${CARGO_TARGET_DIR:-$root/target}
. "$root/ffi/cargo-c.sh"
cd "$root"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$version-1
series=${version%.*}
maintainer="${DEBFULLNAME:-The Timbrel authors} <${DEBEMAIL:-timbrel@localhost}>"
# the same source gives the same packages
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH

package() { # NAME ARCHITECTURE DESCRIPTION LONG-DESCRIPTION [FIELD: VALUE]...: packs $work/NAME
    local name=$1 arch=$2 description=$3 long=$4 tree=$work/$1 doc
    shift 4
    doc=$tree/usr/share/doc/$name
    mkdir -p "$tree/DEBIAN" "$doc"
    cp "$here/debian/copyright" "$doc/copyright"
    case $name in
    timbrel-live) gzip -9nc docs/notices/timbrel-live/THIRD-PARTY.txt >"$doc/THIRD-PARTY.txt.gz" ;;
    libtimbrel*) gzip -9nc docs/notices/libtimbrel/THIRD-PARTY.txt >"$doc/THIRD-PARTY.txt.gz" ;;
    esac
    gzip -9n >"$doc/changelog.Debian.gz" <<CHANGELOG
timbrel ($revision) unstable; urgency=medium

  * Version $version.

 -- $maintainer  $(date -uRd "@$SOURCE_DATE_EPOCH")
CHANGELOG
    find "$tree" -type d -exec chmod 755 {} +
    find "$tree/usr" -type f ! -path '*/bin/*' -exec chmod 644 {} +
    {
        printf 'Package: %s\nSource: timbrel\nVersion: %s\nArchitecture: %s\n' "$name" "$revision" "$arch"
        printf 'Maintainer: %s\nPriority: optional\n' "$maintainer"
        printf 'Installed-Size: %s\n' "$(du -sk --exclude=DEBIAN "$tree" | cut -f 1)"
        printf '%s\n' "$@"
        printf 'Description: %s\n %s\n' "$description" "$long"
    } >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out" >/dev/null
    rm -rf "$tree"
    echo "${name}_${revision}_$arch.deb"
}

needs() { # OBJDUMP FILE: the version of the C library that a program needs
    local libc
    libc=$("$1" -T "$2" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    echo "Depends: libc6 (>= ${libc#GLIBC_}), libgcc-s1"
}

architecture() { # NAME
    local arch=$1 target tuple upper prefix stage libdir toolchain=() std=()
    case $arch in
    arm64) target=aarch64-unknown-linux-gnu tuple=aarch64-linux-gnu ;;
    armhf) target=armv7-unknown-linux-gnueabihf tuple=arm-linux-gnueabihf ;;
    amd64) target=x86_64-unknown-linux-gnu tuple=x86_64-linux-gnu ;;
    *) echo "make-debs.sh: $arch is none of arm64, armhf, amd64" >&2 && exit 2 ;;
    esac
    prefix=$tuple-
    upper=$(tr 'a-z-' 'A-Z_' <<<"$target")
    # for this machine it is the default, and to name it would build everything anew
    [ "$arch" = "$(dpkg --print-architecture)" ] || export "CARGO_TARGET_${upper}_LINKER=${prefix}gcc"
    # the standard library comes from rustup, or is built on the way
    if [ -n "${TIMBREL_BUILD_STD:-}" ] && [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
        std=(CARGO_UNSTABLE_BUILD_STD=std,panic_abort)
        [ -z "${TIMBREL_TOOLCHAIN:-}" ] || toolchain=("+$TIMBREL_TOOLCHAIN")
    fi

    stage=$work/stage libdir=usr/lib/$tuple
    env "${std[@]}" cargo "${toolchain[@]}" cinstall --release -p timbrel-ffi --target "$target" --target-dir "$target_dir/capi" \
        --destdir "$stage" --prefix /usr --libdir "/$libdir" 2>"$work/log" || { cat "$work/log"; exit 1; }
    env "${std[@]}" cargo "${toolchain[@]}" build --quiet --release -p timbrel-live --target "$target"

    mkdir -p "$work/timbrel-live/usr/bin" "$work/timbrel-live/usr/lib/systemd/system"
    cp "$target_dir/$target/release/timbrel-live" "$work/timbrel-live/usr/bin"
    "${prefix}strip" "$work/timbrel-live/usr/bin/timbrel-live"
    cp "$here/debian/timbrel-live.service" "$work/timbrel-live/usr/lib/systemd/system"
    mkdir -p "$work/timbrel-live/usr/share/man/man1"
    gzip -9nc "$here/debian/timbrel-live.1" >"$work/timbrel-live/usr/share/man/man1/timbrel-live.1.gz"
    mkdir "$work/timbrel-live/DEBIAN"
    for script in postinst prerm postrm; do
        install -m 755 "$here/debian/timbrel-live.$script" "$work/timbrel-live/DEBIAN/$script"
    done
    package timbrel-live "$arch" "shows the genre of the music that a microphone hears" \
        "Reads raw audio from a pipe; runs on a terminal or as a systemd service." \
        "Section: sound" "$(needs "${prefix}objdump" "$work/timbrel-live/usr/bin/timbrel-live")" "Recommends: alsa-utils"

    "${prefix}strip" --strip-unneeded "$stage/$libdir/libtimbrel.so.$version"
    "${prefix}strip" --strip-debug "$stage/$libdir/libtimbrel.a"
    local runtime=$work/libtimbrel$series
    mkdir -p "$runtime/$libdir" "$runtime/DEBIAN" "$work/timbrel-model/usr/share/timbrel"
    mv "$stage/$libdir"/libtimbrel.so.* "$runtime/$libdir"
    mv "$stage/usr/share/timbrel/compact.timbrel" "$work/timbrel-model/usr/share/timbrel"
    rm "$stage/usr/share/timbrel/THIRD-PARTY.txt" # in /usr/share/doc instead
    mv "$stage" "$work/libtimbrel-dev"
    echo "libtimbrel $series libtimbrel$series (>= $version)" >"$runtime/DEBIAN/shlibs"
    echo "activate-noawait ldconfig" >"$runtime/DEBIAN/triggers"
    package "libtimbrel$series" "$arch" "tells the genre of music on the device that hears it - library" \
        "The shared library for programs in C and C++." "Section: libs" "Multi-Arch: same" \
        "$(needs "${prefix}objdump" "$runtime/$libdir/libtimbrel.so.$version")" "Recommends: timbrel-model"
    package libtimbrel-dev "$arch" "tells the genre of music on the device that hears it - development" \
        "The headers, the static library, and files for pkg-config and CMake." "Section: libdevel" "Multi-Arch: same" \
        "Depends: libtimbrel$series (= $revision), libc6-dev" "Recommends: timbrel-model"
    package timbrel-model all "tells the genre of music on the device that hears it - model" \
        "The model of ten genres, in /usr/share/timbrel." "Section: libs" "Multi-Arch: foreign"
}

for arch in "$@"; do
    architecture "$arch"
done
