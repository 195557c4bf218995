#!/usr/bin/env bash
# Fetches Debian packages with music: packages.sh OUT. Nothing is installed; the music of each is put into OUT/NAME.
# Licences of the music (each package's /usr/share/doc/NAME/copyright): wesnoth-1.16-music and warzone2100-music GPL-2+,
# hedgewars-data GPL-2, naev-data GPL-2+, GPL-3, CC-BY 3.0 or CC-BY-SA 3.0 by recording, supertuxkart-data CC-BY-SA 3.0, CC-BY-SA 4.0 or
# GPL by recording, unknown-horizons and megaglest-data CC-BY-SA 3.0.
set -euo pipefail
out=$1
mkdir -p "$out/debs"
cd "$out/debs"
for name in wesnoth-1.16-music warzone2100-music hedgewars-data naev-data supertuxkart-data unknown-horizons megaglest-data; do
    apt-get download "$name"
    mkdir -p "../$name"
    dpkg-deb --fsys-tarfile "$name"_*.deb | tar -x -C "../$name" --wildcards '*usic/*'
    # that of some packages is in the one they belong to
    dpkg-deb --fsys-tarfile "$name"_*.deb | tar -x -C "../$name" --wildcards '*/copyright' 2>/dev/null || echo "$name: no copyright file"
    rm "$name"_*.deb
done
