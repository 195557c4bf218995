#!/usr/bin/env python3
"""Time one window of each shipped model beside other runtimes, interleaved, on one thread.

    python3 -m venv venv && venv/bin/pip install -r core/benches/peers/requirements.txt
    cargo build --release -p timbrel-core --example windows
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
from ai_edge_litert.interpreter import Interpreter

import shipped

ROOT = Path(__file__).resolve().parents[3]


class Timbrel:
    """The process that runs `examples/windows.rs`, and the names of its sets of inner loops."""

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
        start = time.perf_counter_ns()
        for _ in range(count):
            run()
        return time.perf_counter_ns() - start

    return nanoseconds


def onnx_runtime(model, window):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: window}
    return timed(lambda: session.run(None, inputs))


def litert(model, window):
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]

    def run():
        interpreter.set_tensor(index, window)
        interpreter.invoke()

    return timed(run)


def compare(name, program, rounds, count, in_place):
    path = ROOT / "models" / f"{name}.timbrel"
    network = list(shipped.layers(path))
    height, width, _ = network[0].input
    window = np.random.default_rng(1).integers(0, 256, (1, 1, height, width), np.uint8)
    timbrel = Timbrel(program, path)
    runs = {
        f"Timbrel, {what}": lambda n, i=i: timbrel.run(i, n)
        for i, what in enumerate(timbrel.sets)
        if in_place or not what.endswith("in place")
    }
    runs["ONNX Runtime f32"] = onnx_runtime(shipped.float_onnx(network), window.astype(np.float32))
    runs["ONNX Runtime int8"] = onnx_runtime(str(path.with_suffix(".onnx")), window)
    signed = (window.astype(np.int16) - 128).astype(np.int8).reshape(1, height, width, 1)
    runs["LiteRT int8 (XNNPACK)"] = litert(shipped.litert(network), signed)
    times = {what: [] for what in runs}
    for run in runs.values():
        run(count)
    for _ in range(rounds):
        for what, run in runs.items():
            times[what].append(run(count) / count)
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
        compare(name, arguments.windows, arguments.rounds, arguments.count, arguments.in_place)


if __name__ == "__main__":
    main()
