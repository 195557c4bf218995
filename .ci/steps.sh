# Sourced by the scripts here: names steps and keeps how long each took, for the list at the end of `run`.
#
# TIMBREL_CI_STEPS   file that collects "SECONDS NAME" lines; unset, nothing is kept

step() { # NAME: ends the step before and begins this one
    end_step
    current_step=$*
    step_began=$SECONDS
    printf '\n== %s (%s s)\n' "$current_step" "$SECONDS"
}

end_step() {
    if [ -n "${current_step:-}" ] && [ -n "${TIMBREL_CI_STEPS:-}" ]; then
        printf '%5d s  %s\n' $((SECONDS - step_began)) "$current_step" >>"$TIMBREL_CI_STEPS"
    fi
    current_step=
}
