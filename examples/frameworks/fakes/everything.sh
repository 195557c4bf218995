# Sourced by ../check.sh for `check.sh everything`: the samples on this machine and on every core, and the frameworks'
# tools. $TIMBREL_PYTHON has the packages of lint/requirements.txt.

# the library as the boards have it, for this machine
cargo rustc --quiet --manifest-path "$here/../../Cargo.toml" -p timbrel-ffi --lib --crate-type staticlib \
    --no-default-features --profile embedded
target_dir=$(realpath -m "${CARGO_TARGET_DIR:-$here/../../target}")
desktop=$target_dir/embedded/libtimbrel.a

# on_desktop NAME FAKE FILE...: lets a sample hear the tune on this machine
on_desktop() {
    local name=$1 fake=$2 module=$packages/timbrel-zephyr
    shift 2
    core=desktop
    settings
    program "$work/$name.elf" "$desktop" -I "$module/include" -I "fakes/$fake" -- "$@" "$module"/src/*.c
    "$work/$name.elf" >"$work/$name.printed"
}

# equal NAME REFERENCE: whether two samples print the same
equal() { cmp "$work/$1.printed" "$work/$2.printed" && echo "$1 ($core): the answer of this machine"; }

on_desktop desktop-16k zephyr "$packages/timbrel-zephyr/samples/microphone/src/main.c" fakes/zephyr/zephyr.c
on_desktop desktop-adc pico "$packages/timbrel-pico/microphone/main.c" fakes/pico/pico.c
on_desktop desktop-i2s esp-idf "$packages/timbrel-esp-idf/examples/microphone/main/main.c" fakes/esp-idf/esp_idf.c
same desktop-i2s

# what prints the same, the core, and how it is built for a board with it
while read -r reference board builder arguments; do
    # shellcheck disable=SC2086 # words
    run "$builder" "$board" "$builder" $arguments
    equal "$builder" "$reference"
    rm -rf "$work/$builder".elf*
done <<'BOARDS'
desktop-16k cortex-m0plus arduino_sketch cortex-m0plus
desktop-16k cortex-m3 arduino_sketch cortex-m3
desktop-16k cortex-m4f-softfp arduino_sketch cortex-m4/fpv4-sp-d16-softfp
desktop-16k cortex-m7 arduino_sketch cortex-m7/fpv5-sp-d16-hard
desktop-16k cortex-m33f arduino_sketch cortex-m33/fpv5-sp-d16-hard
desktop-16k cortex-m33f-softfp arduino_sketch cortex-m33/softfp
desktop-i2s rv32imc arduino_sketch esp32c3 -DARDUINO_ARCH_ESP32
desktop-i2s rv32imac arduino_sketch esp32c6 -DARDUINO_ARCH_ESP32
desktop-i2s rv32imafc arduino_sketch esp32p4 -DARDUINO_ARCH_ESP32
desktop-i2s rv32imc esp_idf_example esp32c3
desktop-i2s rv32imac esp_idf_example esp32h2
desktop-i2s rv32imafc esp_idf_example esp32p4
desktop-adc cortex-m0plus pico_sample rp2040
desktop-adc cortex-m33f-softfp pico_sample rp2350-arm-s
desktop-adc cortex-m33f pico_sample rp2350-arm-s -DPICO_HARD_FLOAT_ABI=1
desktop-adc rv32imac pico_sample rp2350-riscv
desktop-16k cortex-m0plus zephyr_sample CONFIG_CPU_CORTEX_M0PLUS=y
desktop-16k cortex-m3 zephyr_sample CONFIG_CPU_CORTEX_M3=y
desktop-16k cortex-m3 zephyr_sample CONFIG_CPU_CORTEX_M4=y
desktop-16k cortex-m4f-softfp zephyr_sample CONFIG_CPU_CORTEX_M4=y CONFIG_FPU=y CONFIG_FP_SOFTABI=y
desktop-16k cortex-m7 zephyr_sample CONFIG_CPU_CORTEX_M7=y CONFIG_FPU=y CONFIG_FP_HARDABI=y
desktop-16k cortex-m33 zephyr_sample CONFIG_CPU_CORTEX_M33=y
desktop-16k cortex-m33f zephyr_sample CONFIG_CPU_CORTEX_M33=y CONFIG_FPU=y CONFIG_FP_HARDABI=y
desktop-16k cortex-m55 zephyr_sample CONFIG_CPU_CORTEX_M55=y CONFIG_FPU=y CONFIG_FP_HARDABI=y CONFIG_ARMV8_1_M_MVEF=y
desktop-16k rv32imc zephyr_sample CONFIG_RISCV_ISA_RV32I=y CONFIG_RISCV_ISA_EXT_M=y CONFIG_RISCV_ISA_EXT_C=y
BOARDS

for name in cortex-m0plus cortex-m3 cortex-m7 cortex-m33 cortex-m33f cortex-m55; do
    run cmsis_template "$name" cmsis_template
    same cmsis_template
done

python=${TIMBREL_PYTHON:-python3}
if ! "$python" -c 'import platformio, idf_component_manager, kconfiglib, SCons' 2>/dev/null; then
    echo "skipped: no platformio, idf-component-manager, kconfiglib or scons for $python"
    return
fi

echo "PlatformIO: the manifest, the archive, and a project"
export PLATFORMIO_CORE_DIR=$work/platformio PLATFORMIO_SETTING_ENABLE_TELEMETRY=no
"$python" lint/platformio_manifest.py "$packages/timbrel-platformio" "$work/timbrel.tar.gz"
"$python" fakes/platformio/core_dir.py "$PLATFORMIO_CORE_DIR"
core=cortex-m4f
settings
mkdir -p "$work/project/src"
# shellcheck disable=SC2086 # files
cp fakes/listen_test.c fakes/machine.[ch] "$embedded"/tune.[ch] "$work/project/src"
cat >"$work/project/platformio.ini" <<INI
[env:mps2]
platform = symlink://$here/fakes/platformio
board = mps2
lib_deps = symlink://$packages/timbrel-platformio
INI
"$python" -m platformio run -d "$work/project" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
$FAKE_RUN -kernel "$work/project/.pio/build/mps2/program.elf" </dev/null | cmp - "$work/listen.printed"
echo "pio run: the same output"

echo "ESP-IDF's component manager: the manifest and the archive"
compote() { "$python" -c 'from idf_component_manager.cli import safe_cli; safe_cli()' "$@"; }
compote manifest lint "$packages/timbrel-esp-idf/idf_component.yml"
compote component pack --name timbrel --project-dir "$packages/timbrel-esp-idf" --dest-dir "$work/component" \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

echo "Kconfiglib: the Kconfig of the Zephyr module"
"$python" lint/zephyr_kconfig.py "$packages/timbrel-zephyr/zephyr/Kconfig"
