#!/usr/bin/env bash
# Fetches the Debian packages whose recordings make.py uses: packages.sh OUT. Nothing is installed, each is unpacked into OUT/NAME.
# Licences (each package's /usr/share/doc/NAME/copyright): asterisk-core-sounds-* CC-BY-SA 3.0 and CC-BY 3.0 (spoken prompts),
# teeworlds-data CC-BY-SA 3.0 (game effects), bucklespring-data GPL-2+ (keys of a keyboard), trackballs-data and
# frozen-bubble-data GPL-2 (game effects), sound-theme-freedesktop CC-BY-SA 3.0, CC-BY 3.0 and GPL-2 (signals of a desktop).
set -euo pipefail
out=$1
mkdir -p "$out/debs"
cd "$out/debs"
apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-g722 teeworlds-data bucklespring-data trackballs-data \
    frozen-bubble-data sound-theme-freedesktop
for deb in *.deb; do
    dpkg-deb -x "$deb" "../${deb%%_*}"
done
