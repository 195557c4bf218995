# Sourced by release.sh: tunes, and the answers that every part of a release has to give for them.

# tunes FOLDER: writes wav files of several forms and, beside them, the answers of the program `classify`
tunes() {
    local program=${TIMBREL_CLASSIFY:-$target_dir/release/classify}
    mkdir -p "$1"
    python3 examples/c/tunes.py "$1"
    [ -n "${TIMBREL_CLASSIFY:-}" ] || cargo build --quiet --release -p classify
    (cd "$1" && "$program" --json ./*.wav >expected)
}

# answers NAME COMMAND...: the command's output for the tunes, in whose folder it runs
answers() {
    local name=$1
    shift
    [ -d "$work/tunes" ] || tunes "$work/tunes"
    (cd "$work/tunes" && "$@" ./*.wav >answers) || fail "$name: exit status $?"
}

# same NAME COMMAND...: the command prints the same text as classify
same() {
    answers "$@"
    diff "$work/tunes/expected" "$work/tunes/answers" || fail "$1: other answers"
    echo "$1: the answers of classify"
}

# agrees NAME COMMAND...: the command's JSON has the same state, genre and number of windows as classify's
agrees() {
    answers "$@"
    python3 - "$work/tunes" <<'PY' || fail "$1: other answers"
import json, sys

expected, answers = (
    [[line[key] for key in ("state", "genre", "windows")] for line in map(json.loads, open(f"{sys.argv[1]}/{name}"))]
    for name in ("expected", "answers")
)
sys.exit(expected != answers)
PY
    echo "$1: the answers of classify"
}
