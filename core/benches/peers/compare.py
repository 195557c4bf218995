#!/usr/bin/env python3
"""Time one window of each shipped model beside other runtimes, interleaved, on one thread.

    python3 -m venv venv && venv/bin/pip install -r core/benches/peers/requirements.txt
    cargo build --release -p timbrel-core --example windows --features tract
    venv/bin/python core/benches/peers/compare.py [MODEL...]

Prints, for each runtime, the median and the least time of a window, the ratio of its median to that of Timbrel's fastest
set of inner loops (larger is slower), and multiply-adds per nanosecond and per cycle of the nominal clock.
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path

# before numpy and the runtimes start their threads
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import onnxruntime

import runtimes
import shipped

ROOT = Path(__file__).resolve().parents[3]


class Windows:
    """The process that runs `examples/windows.rs`, and the names of its sets of inner loops, tract after them."""

    def __init__(self, program, model):
        self.process = subprocess.Popen([program, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sets = list(iter(lambda: self.process.stdout.readline().strip(), ""))

    def run(self, index, count):
        self.process.stdin.write(f"{index} {count}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(run):
    def nanoseconds(count):
        # processor time, so that other work of the machine counts little
        start = time.process_time_ns()
        for _ in range(count):
            run()
        return time.process_time_ns() - start

    return nanoseconds


def compare(name, arguments):
    path = ROOT / "models" / f"{name}.timbrel"
    network = list(shipped.layers(path))
    height, width, _ = network[0].input
    window = np.random.default_rng(1).integers(0, 256, (1, 1, height, width), np.uint8)
    timbrel = Windows(arguments.windows, path)
    runs = {
        what if what == "tract" else f"Timbrel, {what}": lambda n, i=i: timbrel.run(i, n)
        for i, what in enumerate(timbrel.sets)
        if arguments.in_place or not what.endswith("in place")
    }
    integers = path.with_suffix(".onnx")
    runs["ONNX Runtime int8"] = timed(runtimes.onnx_runtime(str(integers), window))
    if shipped.is_chain(network):
        floats = shipped.float_onnx(network)
        runs["ONNX Runtime f32"] = timed(runtimes.onnx_runtime(floats, window.astype(np.float32)))
        signed = (window.astype(np.int16) - 128).astype(np.int8).reshape(1, height, width, 1)
        runs["LiteRT int8 (XNNPACK)"] = timed(runtimes.litert(shipped.litert(network), signed))
    times = {what: [] for what in runs}
    for run in runs.values():
        run(arguments.count)
    for _ in range(arguments.rounds):
        for what, run in runs.items():
            times[what].append(run(arguments.count) / arguments.count)
    timbrel.close()
    report(name, sum(layer.multiply_adds() for layer in network), times)


def report(name, multiply_adds, times):
    reference = min(statistics.median(t) for what, t in times.items() if what.startswith("Timbrel"))
    clock = nominal_gigahertz()
    print(f"\n{name}, {multiply_adds / 1e6:.1f} million multiply-adds per window\n")
    print("| | median µs | least µs | ratio | MAC/ns | MAC/cycle |\n|---|---|---|---|---|---|")
    for what, found in sorted(times.items(), key=lambda item: statistics.median(item[1])):
        median, least = statistics.median(found), min(found)
        rate = multiply_adds / least
        cycle = f"{rate / clock:.1f}" if clock else ""
        print(f"| {what} | {median / 1e3:.1f} | {least / 1e3:.1f} | {median / reference:.2f} | {rate:.0f} | {cycle} |")


def cpu_info(key):
    try:
        return re.search(rf"^{key}\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)[1]
    except (OSError, TypeError):
        return ""


def nominal_gigahertz():
    found = cpu_info("cpu MHz")
    return float(found) / 1e3 if found else None


def main():
    parser = argparse.ArgumentParser(description="Time one window beside other runtimes, on one thread.")
    parser.add_argument("models", nargs="*", default=["compact", "tiny", "s2-mfcc-3s"])
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--windows", default=target / "release/examples/windows", help="the example's program")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--count", type=int, default=10, help="windows in a row")
    parser.add_argument("--in-place", action="store_true", help="also with weights that are not repacked")
    arguments = parser.parse_args()
    features = {"avx2", "avx_vnni", "avx512_vnni", "asimd", "asimddp", "i8mm"}
    # /proc/cpuinfo: avx2_only.c hides some of them from the runtimes, but not from this line
    found = set((cpu_info("flags") or cpu_info("Features")).split()) & features
    print(f"{cpu_info('model name') or platform.machine()}; {', '.join(sorted(found))}; one thread;")
    print(f"ONNX Runtime {onnxruntime.__version__}; medians of {arguments.rounds} rounds of {arguments.count} windows")
    for name in arguments.models:
        compare(name, arguments)


if __name__ == "__main__":
    main()
