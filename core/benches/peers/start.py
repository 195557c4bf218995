#!/usr/bin/env python3
"""Time whole processes, interleaved with one that does nothing.

    core/benches/peers/start.py [--runs N] COMMAND [-- COMMAND]...

Prints the median and the least wall time of each command, from before its start to after its end, in milliseconds. The first
line is that of `true`, which is what starting any process costs.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=101)
    arguments, words = parser.parse_known_args()
    groups = itertools.groupby(words, lambda word: word == "--")
    commands = [["true"], *(list(group) for separator, group in groups if not separator)]
    times = [[] for _ in commands]
    for _ in range(arguments.runs):
        for command, found in zip(commands, times):
            start = time.perf_counter()
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            found.append(1e3 * (time.perf_counter() - start))
            if ended.returncode != 0:
                sys.exit(f"{command[0]} fails with {ended.returncode}")
    for command, found in zip(commands, times):
        print(f"{statistics.median(found):8.2f} ms ({min(found):.2f})  {' '.join(command)}")


if __name__ == "__main__":
    main()
