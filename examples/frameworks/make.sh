#!/usr/bin/env bash
# Makes packages for the frameworks of microcontrollers from timbrel-embedded-VERSION.tar.gz:
#
#     make.sh [-e TARBALL] [-o FOLDER] PACKAGE...
#
# PACKAGE is arduino, platformio, zephyr, esp-idf, cmsis-pack, pico or all. Each becomes a folder below FOLDER, `packages`
# by default, and an archive in the framework's own form. Without -e, examples/embedded-c/make.sh makes the tarball, which
# needs Rust; with it, Python and tar do. A package has the cores that the tarball has.
#
# TIMBREL_URL   address of the project in the packages' metadata
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/package.sh"
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }
tarball='' out=$root/packages
while getopts e:o:h option; do
    case $option in
    e) tarball=$OPTARG ;;
    o) out=$OPTARG ;;
    h) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { usage >&2 && exit 2; }
[ "$*" != all ] || set -- arduino platformio zephyr esp-idf cmsis-pack pico

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$tarball" ]; then
    bash "$here/../embedded-c/make.sh" -o "$work"
    tarball=$(ls "$work"/timbrel-embedded-*.tar.gz)
fi
tar -C "$work" -xzf "$tarball"
embedded=$(ls -d "$work"/timbrel-embedded-*/)
version=$(basename "$embedded")
version=${version#timbrel-embedded-}
url=${TIMBREL_URL:-https://example.org/timbrel}

for package in "$@"; do
    case $package in
    arduino | platformio | zephyr | esp-idf | cmsis-pack | pico) "make_${package//-/_}" ;;
    *) fail "no package $package" ;;
    esac
done
