#!/usr/bin/env python3
"""Compute windows with each runtime, for aarch64.sh, which counts the instructions.

    aarch64_windows.py FILE

FILE is what aarch64_models.py writes. For each of RUNTIMES, whose names aarch64.sh knows too, a child computes one window and then another child 11: the
counts at their ends differ by 10 windows, and starting Python and its packages, most of all instructions, happens once.
"""

import os
import sys

import numpy as np

import runtimes

RUNTIMES = ["ONNX Runtime int8", "ONNX Runtime f32", "LiteRT int8 (XNNPACK)"]
COUNTS = [1, 11]


def prepared(runtime, stored):
    window = stored["window"]
    if runtime == "ONNX Runtime int8":
        return runtimes.onnx_runtime(stored["int8"].tobytes(), window)
    if runtime == "ONNX Runtime f32":
        return runtimes.onnx_runtime(stored["float"].tobytes(), window.astype(np.float32))
    signed = (window.astype(np.int16) - 128).astype(np.int8)
    return runtimes.litert(stored["litert"].tobytes(), signed.reshape(1, *window.shape[2:], 1))


def main():
    stored = np.load(sys.argv[1])
    for runtime in RUNTIMES:
        run = prepared(runtime, stored)
        run()
        for count in COUNTS:
            child = os.fork()
            if child == 0:
                for _ in range(count):
                    run()
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if status != 0:
                sys.exit(f"{runtime} fails with {status}")


if __name__ == "__main__":
    main()
