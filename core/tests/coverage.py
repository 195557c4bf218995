"""The table of coverage.sh: `coverage.py [--least PERCENT] LCOV [FILE...]`."""

import argparse
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"

# for each number of a line, or of a line and one of its branches: how often it was executed
Counts = dict


def executions(lcov: str) -> tuple[dict[Path, Counts], dict[Path, Counts]]:
    """Return how often each line, and each branch of a line, of each file below core/src was executed."""
    lines, branches = defaultdict(Counts), defaultdict(Counts)
    path = Path()
    for record in lcov.splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            path = Path(value)
        elif kind == "DA":
            number, count = map(int, value.split(",")[:2])
            lines[path][number] = lines[path].get(number, 0) + count
        elif kind == "BRDA":
            number, block, branch, count = value.split(",")
            key = (int(number), block, branch)
            branches[path][key] = branches[path].get(key, 0) + int(count.replace("-", "0"))
    return below_source(lines), below_source(branches)


def below_source(files: dict[Path, Counts]) -> dict[Path, Counts]:
    """Return the files below core/src, by their paths from there."""
    return {path.relative_to(SOURCE): counts for path, counts in files.items() if path.is_relative_to(SOURCE)}


def code(path: Path) -> int:
    """Return how many lines a file has before its tests, which end it."""
    source = (SOURCE / path).read_text().splitlines()
    return next((i for i, line in enumerate(source) if line == "#[cfg(test)]"), len(source))


class Share:
    """How many of some things were executed."""

    def __init__(self, counts=()):
        self.executed, self.all = sum(count > 0 for count in counts), len(counts)

    def add(self, other: "Share") -> None:
        """Add those of another file."""
        self.executed += other.executed
        self.all += other.all

    def percent(self) -> float:
        """Return the share in percent; of nothing, all are executed."""
        return 100 * self.executed / self.all if self.all else 100.0

    def __str__(self) -> str:
        return f"{self.percent():6.1f} %  {self.executed:5} of {self.all:5}"


def main() -> None:
    """Print the table, and the lines and branches of the files that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=float, default=0, help="smallest share of all lines, in percent")
    parser.add_argument("lcov", type=Path)
    parser.add_argument("files", nargs="*", type=Path, help="files whose lines without an execution are printed")
    arguments = parser.parse_args()
    lines, branches = executions(arguments.lcov.read_text())
    all_lines, all_branches = Share(), Share()
    print("  lines                    branches")
    for path, counts in sorted(lines.items()):
        end = code(path)
        counts = {number: count for number, count in counts.items() if number <= end}
        if not counts:
            continue
        taken = {key: count for key, count in branches.get(path, {}).items() if key[0] <= end}
        of_lines, of_branches = Share(counts.values()), Share(taken.values())
        all_lines.add(of_lines)
        all_branches.add(of_branches)
        print(of_lines, of_branches, path, sep="  ")
        if path in arguments.files:
            source = (SOURCE / path).read_text().splitlines()
            half = {number for (number, _, _), count in taken.items() if count == 0 and counts.get(number)}
            for number in sorted(half | {number for number, count in counts.items() if count == 0}):
                print(f"{number:9} {'one way' if number in half else 'never  '}  {source[number - 1]}")
    print(all_lines, all_branches, "core", sep="  ")
    if all_lines.percent() < arguments.least:
        raise SystemExit(f"fewer than {arguments.least} % of the lines")


main()
