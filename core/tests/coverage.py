"""The table of coverage.sh: `coverage.py [--least PERCENT] LCOV [FILE...]`."""

import argparse
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"


def executions(lcov: str) -> dict[Path, dict[int, int]]:
    """Return how often each line of each file below core/src was executed."""
    files: dict[Path, dict[int, int]] = {}
    for line in lcov.splitlines():
        kind, _, value = line.partition(":")
        if kind == "SF":
            file = files.setdefault(Path(value), {})
        elif kind == "DA":
            number, count = value.split(",")[:2]
            file[int(number)] = file.get(int(number), 0) + int(count)
    return {path.relative_to(SOURCE): lines for path, lines in files.items() if path.is_relative_to(SOURCE)}


def code(path: Path) -> int:
    """Return how many lines a file has before its tests, which end it."""
    source = (SOURCE / path).read_text().splitlines()
    return next((i for i, line in enumerate(source) if line == "#[cfg(test)]"), len(source))


def main() -> None:
    """Print the table, and the lines of the files that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=float, default=0, help="smallest share of all lines, in percent")
    parser.add_argument("lcov", type=Path)
    parser.add_argument("files", nargs="*", type=Path, help="files whose lines without an execution are printed")
    arguments = parser.parse_args()
    sums = [0, 0]
    for path, counts in sorted(executions(arguments.lcov.read_text()).items()):
        end = code(path)
        counts = {number: count for number, count in counts.items() if number <= end}
        missed = sorted(number for number, count in counts.items() if count == 0)
        executed = len(counts) - len(missed)
        sums = [sums[0] + executed, sums[1] + len(counts)]
        if counts:
            print(f"{100 * executed / len(counts):6.1f} %  {executed:4} of {len(counts):4}  {path}")
        if path in arguments.files:
            source = (SOURCE / path).read_text().splitlines()
            for number in missed:
                print(f"{number:9}  {source[number - 1]}")
    share = 100 * sums[0] / sums[1]
    print(f"{share:6.1f} %  {sums[0]} of {sums[1]} lines of core")
    if share < arguments.least:
        raise SystemExit(f"fewer than {arguments.least} %")


main()
