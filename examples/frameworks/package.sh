# Sourced by make.sh: how each package is put together. It sets $here, $embedded, $version, $url, $out and $work.

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

# begin NAME: an empty folder $stage for the package, with the licences and the README
begin() {
    stage=$out/$1
    rm -rf "$stage"
    mkdir -p "$stage"
    cp "$embedded"/LICENSE-* "$embedded/THIRD-PARTY.txt" "$stage"
}

# sources INCLUDE SOURCE: headers, the models and the listener
sources() {
    mkdir -p "$stage/$1" "$stage/$2"
    cp "$embedded/include/timbrel.h" "$embedded"/models/timbrel_{tiny,compact}.h "$here/listen/timbrel_listen.h" "$stage/$1"
    cp "$embedded"/models/timbrel_{tiny,compact}.c "$here/listen/timbrel_listen.c" "$stage/$2"
}

# archive CORE FOLDER: the core's archive, if the tarball has it
archive() {
    [ -f "$embedded/lib/$1/libtimbrel.a" ] || return 0
    mkdir -p "$stage/$2"
    cp "$embedded/lib/$1/libtimbrel.a" "$stage/$2"
}

# archives PATTERN: those cores' archives in lib/CORE
archives() {
    local folder
    for folder in "$embedded"/lib/*/; do
        # shellcheck disable=SC2053 # a pattern
        [[ $(basename "$folder") != $1 ]] || archive "$(basename "$folder")" "lib/$(basename "$folder")"
    done
}

# fill FILE...: the version, the address and the date of the tarball in the package's metadata
fill() {
    local date
    date=$(date -u -r "$embedded/include/timbrel.h" +%F)
    sed -i "s|@VERSION@|$version|g; s|@URL@|$url|g; s|@DATE@|$date|g" "${@/#/$stage/}"
}

# finish FILE: packs the folder $stage, with itself as the top, or its contents if FILE ends in .pack
finish() {
    # the READMEs' links into the repository lead nowhere from a package
    sed -i 's/\[\([^]]*\)\](\.\.\/[^)]*)/\1/g' "$stage/README.md"
    [ -n "$(find "$stage" -name libtimbrel.a -print -quit)" ] || fail "$(basename "$tarball") has no core that $1 can use"
    rm -f "$out/$1"
    python3 - "$stage" "$out/$1" <<'PYTHON'
import os, sys, zipfile
stage, target = sys.argv[1:]
top = stage if target.endswith(".pack") else os.path.dirname(stage)
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for folder, folders, files in os.walk(stage):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            info = zipfile.ZipInfo(os.path.relpath(path, top))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with open(path, "rb") as file:
                archive.writestr(info, file.read())
PYTHON
    echo "$out/$1"
}

# src/MCU, or src/MCU/FPU-ABI where the compiler's flags name them
make_arduino() {
    begin Timbrel
    cp -r "$here/arduino"/. "$stage"
    sources src src
    archive cortex-m0plus src/cortex-m0plus
    archive cortex-m3 src/cortex-m3
    archive cortex-m3 src/cortex-m4
    archive cortex-m4f src/cortex-m4/fpv4-sp-d16-hard
    archive cortex-m4f-softfp src/cortex-m4/fpv4-sp-d16-softfp
    local fpu
    for fpu in fpv4-sp-d16 fpv5-sp-d16 fpv5-d16; do
        # what an FPU of single precision runs, all of them run
        archive cortex-m4f "src/cortex-m7/$fpu-hard"
        archive cortex-m4f-softfp "src/cortex-m7/$fpu-softfp"
    done
    archive cortex-m33 src/cortex-m33
    archive cortex-m33f src/cortex-m33/fpv5-sp-d16-hard
    archive cortex-m33f-softfp src/cortex-m33/fpv5-sp-d16-softfp
    archive cortex-m33f-softfp src/cortex-m33/softfp
    local chip
    for chip in esp32c2 esp32c3; do archive rv32imc "src/$chip"; done
    for chip in esp32c5 esp32c6 esp32h2; do archive rv32imac "src/$chip"; done
    archive rv32imafc src/esp32p4
    fill library.properties
    finish "Timbrel-$version.zip"
}

make_platformio() {
    begin timbrel-platformio
    cp -r "$here/platformio"/. "$stage"
    sources include src
    archives '*'
    cp "$here/arduino/src/TimbrelMicrophone.h" "$stage/include"
    mkdir -p "$stage/examples/microphone/src"
    cp "$here/arduino/examples/Microphone/Microphone.ino" "$stage/examples/microphone/src"
    fill library.json
    finish "timbrel-platformio-$version.zip"
}

make_zephyr() {
    begin timbrel-zephyr
    cp -r "$here/zephyr"/. "$stage"
    sources include src
    archives '*'
    finish "timbrel-zephyr-$version.zip"
}

make_esp_idf() {
    begin timbrel-esp-idf
    cp -r "$here/esp-idf"/. "$stage"
    sources include src
    archives 'rv32*'
    fill idf_component.yml examples/microphone/main/idf_component.yml
    finish "timbrel-esp-idf-$version.zip"
}

make_cmsis_pack() {
    begin timbrel-cmsis-pack
    cp -r "$here/cmsis-pack"/. "$stage"
    sources include src
    archives 'cortex-m*[0-9sf]'
    mv "$stage/Timbrel.timbrel.pdsc.in" "$stage/Timbrel.timbrel.pdsc"
    fill Timbrel.timbrel.pdsc
    # a pack lists what is in it, and nothing else
    python3 "$here/lint/pdsc.py" --without-missing "$stage/Timbrel.timbrel.pdsc"
    finish "Timbrel.timbrel.$version.pack"
}

make_pico() {
    begin timbrel-pico
    cp -r "$here/pico"/. "$stage"
    sources include src
    archives 'cortex-m0plus'
    archives 'cortex-m33f*'
    archives 'rv32imac'
    finish "timbrel-pico-$version.zip"
}
