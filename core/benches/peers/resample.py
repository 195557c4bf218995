#!/usr/bin/env python3
"""Time the resampler beside soxr's HQ, interleaved, on one thread.

    python3 -m venv venv && venv/bin/pip install -r core/benches/peers/requirements.txt
    cargo build --release -p timbrel-core --example resampler
    venv/bin/python core/benches/peers/resample.py [--runs N] [--program PATH]

Both resample the same length of noise in one call. Prints, for each rate, the median and the least time per sample of the
output, and the ratio of the medians (smaller is better for Timbrel).
"""

import argparse
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
import soxr

ROOT = Path(__file__).resolve().parents[3]
TARGET = 22_050
RATES = [8_000, 16_000, 32_000, 44_100, 48_000, 96_000]
SECONDS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=101)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--program", default=target / "release/examples/resampler")
    arguments = parser.parse_args()
    timbrel = subprocess.Popen([arguments.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    vectors = timbrel.stdout.readline().strip()
    print(f"{platform.machine()}, vectors of {vectors} bits; soxr {soxr.__version__}; to {TARGET} Hz")
    print("| from (Hz) | Timbrel, ns per sample (least) | soxr HQ (least) | ratio |")
    print("|---:|---:|---:|---:|")
    for rate in RATES:
        noise = np.random.default_rng(1).uniform(-1, 1, rate * SECONDS).astype(np.float32)
        times = [[], []]
        for _ in range(arguments.runs):
            timbrel.stdin.write(f"{rate} {TARGET} {SECONDS}\n")
            timbrel.stdin.flush()
            times[0].append(int(timbrel.stdout.readline()))
            start = time.perf_counter_ns()
            soxr.resample(noise, rate, TARGET, quality="HQ")
            times[1].append(time.perf_counter_ns() - start)
        per_sample = [[t / (TARGET * SECONDS) for t in side] for side in times]
        medians = [statistics.median(side) for side in per_sample]
        cells = [f"{median:.2f} ({min(side):.2f})" for median, side in zip(medians, per_sample)]
        print(f"| {rate} | {cells[0]} | {cells[1]} | {medians[0] / medians[1]:.2f} |", flush=True)
    timbrel.stdin.close()


if __name__ == "__main__":
    main()
