"""How many changes of core its tests notice, of an even sample of the changes that cargo-mutants knows.

    mutants.py K/N      every Nth change of the list, from number K on (from 0)
    mutants.py FILE     those that the lines of a file begin with, say those of such outcomes that were missed

Compiling takes longer than the tests, so that all changes of a sample are compiled at once: each function that is to be
changed begins with a copy of itself for each change, which runs if the environment says so. What only the compiler executes
(`const fn`, constants), and what cannot be copied (the body of a function that returns `impl …`), is compiled by itself.
Programs: the unit tests, and all other tests as one; the first failure ends them. Outcomes are kept in `mutants/outcomes-K-N` in
the target folder until the sample is complete, so that a run which was ended goes on. Needs cargo-mutants
(`cargo install cargo-mutants`).
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "mutants"
# the repository as it was when a sample was begun, and a copy with changes
ORIGINAL = FOLDER / "original"
TREE = FOLDER / "tree"
CORE = TREE / "core"
# the vector code of another machine is not compiled here
ELSEWHERE = "aarch64.rs"
# they repeat what shorter tests do: on every pair of rates, in whole windows, or with a large graph of tract
SLOW = ("pass_band_keeps", "frequencies_above", "shipped_models_give", "of_the_shipped_models", "of_large::",
        "of_tract::damaged_files_do_not_crash")
SETTINGS = {"TIMBREL_MUTANTS": "500", "PROPTEST_CASES": "32", "RUSTC_BOOTSTRAP": "1"}
BUILD = ["cargo", "test", "-p", "timbrel-core", "--features=decode,tract,opus", "--lib", "--test=one_program", "--no-run",
         "--config=profile.dev.package.timbrel-core.opt-level=1", "--message-format=json"]
# the compiler warns of each call of a deprecated function, and so tells which changes it compiled
SWITCH = """
#[deprecated]
#[doc(hidden)]
#[must_use]
pub fn is_change(number: u32) -> bool {
    use core::sync::atomic::{AtomicU32, Ordering};
    static CHOSEN: AtomicU32 = AtomicU32::new(u32::MAX);
    let mut chosen = CHOSEN.load(Ordering::Relaxed);
    if chosen == u32::MAX {
        let said = std::env::var("TIMBREL_CHANGE");
        chosen = said.map_or(0, |number| number.parse().expect("a number"));
        CHOSEN.store(chosen, Ordering::Relaxed);
    }
    chosen == number
}
"""


def original() -> None:
    """Copy the repository, with core's tests as one program."""
    shutil.rmtree(ORIGINAL, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        (ORIGINAL / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, ORIGINAL / name)
    subprocess.run(["bash", "core/tests/one-program.sh"], cwd=ORIGINAL, check=True)


def tree() -> None:
    """Begin without a change."""
    shutil.rmtree(TREE, ignore_errors=True)
    shutil.copytree(ORIGINAL, TREE)


def all_changes() -> list[dict]:
    """Return the changes that cargo-mutants knows of code that this machine may compile."""
    command = ["cargo", "mutants", "--list", "--json", "-p", "timbrel-core"]
    listed = subprocess.run(command, cwd=ORIGINAL, check=True, capture_output=True, text=True).stdout
    return [change for change in json.loads(listed) if not change["file"].endswith(ELSEWHERE)]


def chosen(listed: list[dict], which: str) -> dict[int, dict]:
    """Return a sample of the changes, or those that a file names, by their numbers."""
    numbered = list(enumerate(listed, 1))
    if re.fullmatch(r"\d+/\d+", which):
        first, step = map(int, which.split("/"))
        return dict(numbered[first::step])
    names = {line.split("\t")[0] for line in Path(which).read_text().splitlines()}
    return {number: change for number, change in numbered if change["name"] in names}


class Source:
    """A file of the copied repository."""

    def __init__(self, name: str):
        self.path = TREE / name
        self.text = (ORIGINAL / name).read_text()
        lengths = (len(line) for line in self.text.splitlines(keepends=True))
        self.begins = [0, *itertools.accumulate(lengths)]

    def place(self, position: dict) -> int:
        """Return where a line and column are."""
        return self.begins[position["line"] - 1] + position["column"] - 1

    def span(self, of: dict) -> tuple[int, int]:
        """Return where something begins and ends."""
        return self.place(of["span"]["start"]), self.place(of["span"]["end"])

    def changed(self, change: dict, begin: int, end: int) -> str:
        """Return a part of the file with a change."""
        first, last = self.span(change)
        return self.text[begin:first] + change["replacement"] + " " + self.text[last:end]

    def body(self, function: dict) -> tuple[int, int] | None:
        """Return where the body of a function is, if it can be copied."""
        begin, end = self.span(function)
        code = re.sub(r"//[^\n]*|\"(\\.|[^\"\\])*\"|'(\\.[^']*|[^\\'])'", lambda found: " " * len(found[0]), self.text[begin:end])
        opened, bodies = [], {}
        for place, character in enumerate(code):
            if character == "{":
                opened.append(place)
            elif character == "}":
                bodies[place] = opened.pop()
        brace = bodies[len(code) - 1]
        # the compiler may execute the one, and the type of the other is that of its only body
        is_alone = re.search(r"\bconst\s+(unsafe\s+)?fn\b|->[^{]*\bimpl\b", code[:brace])
        return None if is_alone else (begin + brace + 1, end - 1)


def together(changes: dict[int, dict]) -> set[int]:
    """Write all changes that can be compiled together, and return the numbers of these."""
    by_file = defaultdict(list)
    for number, change in changes.items():
        by_file[change["file"]].append((number, change))
    done = set()
    for name, here in by_file.items():
        source, bodies = Source(name), defaultdict(list)
        for number, change in here:
            body = source.body(change["function"]) if change["function"] else None
            first, last = source.span(change)
            if body and body[0] <= first and last <= body[1]:
                bodies[body].append((number, change))
        text = source.text
        for begin, end in sorted(bodies, reverse=True):
            if any(begin < other[0] < end for other in bodies):
                continue
            copies = "".join(
                f"\nif crate::is_change({number}) {{ return {{ // begins {number}\n"
                f"{source.changed(change, begin, end)}\n}}; }} // ends {number}\n"
                for number, change in bodies[begin, end]
            )
            text = text[:begin] + copies + text[begin:]
            done |= {number for number, _ in bodies[begin, end]}
        source.path.write_text(text)
    return done


def numbers_of(messages: list[dict]) -> set[int]:
    """Return the numbers of the changes that messages of the compiler are about."""
    found, lines = set(), {}
    for message in messages:
        for span in message["spans"]:
            path = TREE / span["file_name"]
            if path.is_relative_to(CORE / "src") and span["is_primary"]:
                if path not in lines:
                    lines[path] = path.read_text().splitlines()
                before = reversed(lines[path][: span["line_start"]])
                marks = (re.search(r"// (begins|ends) (\d+)$", line) for line in before)
                mark = next(filter(None, marks), None)
                at = re.search(r"// (begins|ends) (\d+)$", lines[path][span["line_start"] - 1])
                if mark and (mark[1] == "begins" or at):
                    found.add(int(mark[2]))
    return found


def build() -> tuple[list[str], list[dict]]:
    """Compile, and return the programs, none after an error, and the compiler's messages."""
    run = subprocess.run(BUILD, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    messages = [line["message"] for line in lines if line["reason"] == "compiler-message"]
    programs = [line["executable"] for line in lines if line.get("executable")]
    return (sorted(programs, key=lambda path: "one_program" in path) if run.returncode == 0 else []), messages


def tests_pass(programs: list[str], number: int) -> bool:
    """Run the tests with a change, 0 for none. One that loops or allocates for ever is noticed too."""
    skipped = [f"--skip={name}" for name in SLOW]
    for program in programs:
        limited = ["bash", "-c", 'ulimit -t 120 -v 16000000; exec "$@"', "", program]
        try:
            run = subprocess.run(
                [*limited, "-Zunstable-options", "--fail-fast", *skipped], cwd=CORE, timeout=1800,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**SETTINGS, **os.environ, "TIMBREL_CHANGE": str(number)},
            )
        except subprocess.TimeoutExpired:
            return False
        if run.returncode:
            return False
    return True


def compile_together(changes: dict[int, dict]) -> tuple[list[str], set[int], set[int]]:
    """Return the programs with the changes that compile together, their numbers, and those of others' code."""
    left = dict(changes)
    while True:
        tree()
        done = together(left)
        library = CORE / "src/lib.rs"
        library.write_text(library.read_text() + SWITCH)
        programs, messages = build()
        errors = [message for message in messages if message["level"] == "error"]
        if not errors:
            break
        bad = numbers_of(errors)
        if not bad:
            raise SystemExit("\n".join(message["rendered"] for message in errors))
        print(f"{len(bad)} of {len(done)} cannot be compiled with the others", flush=True)
        left = {number: change for number, change in left.items() if number not in bad}
    calls = [message for message in messages if (message["code"] or {}).get("code") == "deprecated"]
    compiled = numbers_of(calls)
    return programs, done & compiled, done - compiled


def alone(change: dict) -> str:
    """Compile and try one change."""
    tree()
    source = Source(change["file"])
    source.path.write_text(source.changed(change, 0, len(source.text)))
    programs, _ = build()
    if not programs:
        return "does not compile"
    return "missed" if tests_pass(programs, 0) else "noticed"


def report(outcomes: dict[str, str]) -> None:
    """Print what was not noticed, and the share of what was."""
    for name, outcome in outcomes.items():
        if outcome == "missed":
            print(f"missed: {name}")
    counts = Counter(outcomes.values())
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    noticed, missed = counts["noticed"], counts["missed"]
    if tried := noticed + missed:
        share, z = noticed / tried, 1.96
        middle, half = share + z * z / (2 * tried), z * (share * (1 - share) / tried + z * z / (4 * tried * tried)) ** 0.5
        low, high = (100 * (middle + sign * half) / (1 + z * z / tried) for sign in (-1, 1))
        print(f"{100 * share:.1f} % of {tried} that compile; Wilson's interval of 95 %: {low:.1f} to {high:.1f} %")


def main() -> None:
    """Try a sample."""
    if subprocess.run(["cargo", "mutants", "--version"], capture_output=True).returncode:
        print("skipped: no cargo-mutants for the changes of core")
        return
    path = FOLDER / ("outcomes-" + re.sub(r"\W+", "-", sys.argv[1]))
    if not path.exists():
        original()
    listed = all_changes()
    changes = chosen(listed, sys.argv[1])
    print(f"{len(changes)} of {len(listed)} changes", flush=True)
    outcomes = dict(line.split("\t") for line in path.read_text().splitlines()) if path.exists() else {}
    changes = {number: change for number, change in changes.items() if change["name"] not in outcomes}
    with path.open("a") as file:

        def note(change: dict, outcome: str) -> None:
            outcomes[change["name"]] = outcome
            print(change["name"], outcome, sep="\t", file=file, flush=True)

        programs, compiled, elsewhere = compile_together(changes)
        if not tests_pass(programs, 0):
            raise SystemExit("the tests fail without a change")
        for number in sorted(compiled, key=lambda number: (number * 2_654_435_761) % 2**32):
            note(changes[number], "missed" if tests_pass(programs, number) else "noticed")
        for number, change in changes.items():
            if number in elsewhere:
                note(change, "not of this machine")
            elif number not in compiled:
                note(change, alone(change))
    report(outcomes)
    path.unlink()


main()
