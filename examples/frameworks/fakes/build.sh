# Sourced by ../check.sh, which sets $here, $work, $embedded, $packages and $core: how each sample is built and run.

# asked VARIABLE: its value for $core in the Makefile of the embedded package
asked() {
    make -s --no-print-directory -C "$embedded" CORE="$core" --eval "asked: ; @echo '\$($1)'" asked
}

# the compilers, flags and emulator of $core, or those of this machine for the core `desktop`
settings() {
    local flags="-O2 -Wall -Wextra -Werror -I$here/fakes -I$embedded"
    if [ "$core" = desktop ]; then
        FAKE_CC=cc FAKE_CXX=c++ FAKE_FLAGS=$flags FAKE_LINK='' FAKE_RUN=''
    else
        read -r FAKE_CC FAKE_FLAGS <<<"$(asked GCC)"
        FAKE_CXX=${FAKE_CC%gcc}g++
        FAKE_FLAGS+=" --specs=picolibc.specs -ffunction-sections -fdata-sections $flags"
        # GCC takes no specs twice
        FAKE_LINK="$(asked LINK | sed 's/--specs=[^ ]*//') -Wl,--gc-sections"
        FAKE_RUN="$(asked QEMU) -machine $(asked BOARD) -display none -monitor none -serial null"
        FAKE_RUN+=" -chardev stdio,id=output -semihosting-config enable=on,target=native,chardev=output"
    fi
    FAKE_MACHINE="$here/fakes/machine.c $embedded/tune.c"
    export FAKE_CC FAKE_CXX FAKE_FLAGS FAKE_LINK FAKE_MACHINE
}

# compile FILE OBJECT FLAGS...: C, C++ or a sketch
compile() {
    local file=$1 object=$2 compiler=$FAKE_CC options=(-std=gnu11)
    shift 2
    case $file in
    *.cpp) compiler=$FAKE_CXX ;;
    *.ino) compiler=$FAKE_CXX && set -- -include Arduino.h -x c++ "$@" ;;
    esac
    [ "$compiler" = "$FAKE_CC" ] || options=(-std=gnu++14 -fno-exceptions -fno-rtti -fno-use-cxa-atexit)
    # shellcheck disable=SC2086 # flags are words
    "$compiler" "${options[@]}" $FAKE_FLAGS "$@" -c "$file" -o "$object"
}

# program ELF ARCHIVE FLAGS... -- FILE...: compiles the files with those of the machine, and links them
program() {
    local elf=$1 archive=$2 options=() objects=() file
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    for file in "$@" $FAKE_MACHINE; do
        objects+=("$elf.${#objects[@]}.o")
        compile "$file" "${objects[-1]}" "${options[@]}"
    done
    # shellcheck disable=SC2086
    "$FAKE_CC" $FAKE_FLAGS $FAKE_LINK "${objects[@]}" "$archive" -o "$elf"
}

# arduino_sketch ELF FOLDER FLAGS...: with the archive that the Arduino software takes from src/FOLDER
arduino_sketch() {
    local elf=$1 folder=$2 library=$packages/Timbrel archive
    shift 2
    archive=$library/src/$folder/libtimbrel.a
    [ "$core" != desktop ] || archive=$desktop
    program "$elf" "$archive" "$@" -I "$library/src" -I fakes/arduino -- \
        "$library"/src/*.c "$library/examples/Microphone/Microphone.ino" fakes/arduino/arduino.cpp
}

# cmsis_template ELF: with the files that the description names for the core
cmsis_template() {
    local pack=$packages/timbrel-cmsis-pack archive
    archive=$pack/$(sed -n "s/.*name=\"\(lib[^\"]*\)\" condition=\"$core\".*/\1/p" "$pack/Timbrel.timbrel.pdsc")
    program "$1" "$archive" -I "$pack/include" -I fakes/stm32 -- \
        "$pack"/src/*.c "$pack/template/microphone_stm32.c" fakes/stm32/stm32.c
}

listen_test() {
    local module=$packages/timbrel-zephyr
    program "$1" "$module/lib/$core/libtimbrel.a" -I "$module/include" -- "$module"/src/*.c fakes/listen_test.c
}

# cmake_project ELF SOURCE EXECUTABLE OPTION...: as the framework builds it
cmake_project() {
    local elf=$1 source=$2 executable=$3 folder=$1.build
    shift 3
    rm -rf "$folder"
    { cmake -S "$source" -B "$folder" -DCMAKE_TOOLCHAIN_FILE="$here/fakes/board.cmake" "$@" &&
        cmake --build "$folder"; } >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
    cp "$folder/$executable" "$elf"
}

# zephyr_sample ELF CONFIG...: Kconfig's values beside those of prj.conf
zephyr_sample() {
    local elf=$1 module=$packages/timbrel-zephyr
    shift
    local config="$* CONFIG_TIMBREL_LISTEN=y"
    ZEPHYR_BASE=$here/fakes/zephyr cmake_project "$elf" "$module/samples/microphone" zephyr \
        -DEXTRA_ZEPHYR_MODULES="$module" -DFAKE_CONFIG="${config// /;}"
}

# esp_idf_example ELF CHIP
esp_idf_example() {
    IDF_PATH=$here/fakes/esp-idf cmake_project "$1" "$packages/timbrel-esp-idf/examples/microphone" \
        timbrel_microphone -DFAKE_TARGET="$2"
}

# pico_sample ELF PLATFORM OPTION...
pico_sample() {
    local elf=$1 platform=$2
    shift 2
    PICO_SDK_PATH=$here/fakes/pico cmake_project "$elf" "$packages/timbrel-pico/microphone" timbrel_microphone \
        -DPICO_PLATFORM="$platform" "$@"
}

# run NAME CORE BUILDER ARGUMENT...: builds it for the core and lets it hear the tune under QEMU, or on this machine for
# the core `desktop`. Its output is in $work/NAME.printed
run() {
    local name=$1 builder=$3
    core=$2
    shift 3
    settings
    "$builder" "$work/$name.elf" "$@"
    # shellcheck disable=SC2086 # a command line
    timeout 300 ${FAKE_RUN:+$FAKE_RUN -kernel} "$work/$name.elf" </dev/null >"$work/$name.printed" ||
        { cat "$work/$name.printed"; echo "$name failed"; exit 1; }
}
