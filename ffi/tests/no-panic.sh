#!/usr/bin/env bash
# Links a program that uses every function of the no_std library and fails if a panicking path is left in it.
#   no-panic.sh LIBTIMBREL.a
set -euo pipefail
library=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
functions=(abi_version version model_info model_embedding model_cost status_message last_error required_bytes classifier_init
    classifier_push_f32 classifier_push_i16 classifier_push_i32 classifier_finish classifier_reset classifier_result
    classifier_window classifier_logits classifier_embedding label gate_init gate_push_i16 gate_push_i32 gate_level
    duty_init duty_push duty_pause duty_slept duty_end_turn pdm_init pdm_process)
arm-linux-gnueabihf-gcc -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -nostdlib -static \
    -Wl,--gc-sections -Wl,-e,timbrel_classifier_init "${functions[@]/#/-Wl,-u,timbrel_}" "$library" \
    -o "$work/all.elf"
arm-linux-gnueabihf-nm -C "$work/all.elf" >"$work/symbols"
grep -q ' T timbrel_classifier_push_i16$' "$work/symbols"
if grep -E 'panick|core::fmt|slice_index_fail|unwrap_failed|alloc::' "$work/symbols"; then
    echo "the no_std library can panic, format or allocate: see the symbols above"
    exit 1
fi
arm-linux-gnueabihf-size "$work/all.elf"
echo "no panicking, formatting or allocating path in ${#functions[@]} functions"
