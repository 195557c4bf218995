# Sourced by the scripts here: names steps and keeps how long each took, for the list at the end of `run`.
#
# TIMBREL_CI_STEPS   file that collects "SECONDS s, PROCESSOR-SECONDS s  NAME" lines; unset, nothing is kept

step() { # NAME: ends the step before and begins this one
    end_step
    current_step=$*
    step_began=$SECONDS
    count_processor_seconds
    processor_began=$processor_seconds
    printf '\n== %s (%s s)\n' "$current_step" "$SECONDS"
}

end_step() {
    if [ -n "${current_step:-}" ] && [ -n "${TIMBREL_CI_STEPS:-}" ]; then
        count_processor_seconds
        printf '%5d s, %5d s  %s\n' $((SECONDS - step_began)) $((processor_seconds - processor_began)) \
            "$current_step" >>"$TIMBREL_CI_STEPS"
    fi
    current_step=
}

# counts what the programs that this shell ran took: not in a subshell, which has run none
count_processor_seconds() {
    processor_seconds=0
    [ -n "${TIMBREL_CI_STEPS:-}" ] || return 0
    times >"$TIMBREL_CI_STEPS.times"
    local user system
    { read -r _ && read -r user system; } <"$TIMBREL_CI_STEPS.times"
    processor_seconds=$(awk -F '[ms ]+' '{ printf "%d", 60 * ($1 + $3) + $2 + $4 }' <<<"$user $system")
}
