#!/usr/bin/env bash
# Prints, for each archive of an unpacked package, the flash that the functions of example.c take when nothing else is
# linked, as the table of docs/embedded.md:
#
#     sizes.sh FOLDER
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: sizes.sh FOLDER" >&2; exit 2; }
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model_bytes=$(sed -n 's/^#define TIMBREL_COMPACT_MODEL_BYTES //p' models/timbrel_compact.h)
memory_bytes=$(sed -n 's/^#define TIMBREL_COMPACT_MEMORY_BYTES //p' models/timbrel_compact.h)
mapfile -t used < <(grep -o 'timbrel_[a-z0-9_]*(' example.c | tr -d '(' | sort -u)

echo "| archive | code | constants | with the model of $model_bytes bytes |"
echo "|---|---:|---:|---:|"
for folder in lib/*; do
    core=${folder#lib/}
    read -r gcc flags <<<"$(make -s gcc CORE="$core")"
    # shellcheck disable=SC2086 # several flags
    "$gcc" $flags -nostdlib -static -Wl,--gc-sections,-e,timbrel_classifier_init \
        "${used[@]/#/-Wl,-u,}" "$folder/libtimbrel.a" -o "$work/$core.elf"
    "${gcc%gcc}size" -A "$work/$core.elf" | awk -v core="$core" -v model="$model_bytes" '
        /^\.text/ { code += $2 }
        /^\.(rodata|srodata|sdata|data|ARM\.ex)/ { constants += $2 }
        function grouped(x) { return x < 1000 ? x : sprintf("%s,%03d", grouped(int(x / 1000)), x % 1000) }
        END { printf "| %s | %s | %s | %s |\n", core, grouped(code), grouped(constants), grouped(code + constants + model) }'
done
echo
echo "Memory for a classifier: $memory_bytes bytes, on every core."
