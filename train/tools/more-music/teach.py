#!/usr/bin/env python3
"""Write a teacher's values for the windows of every track of a cache.

Usage: teach.py CACHE TEACHER.onnx [--hop-seconds S] [--windows N] [--every K]

TEACHER takes `window` u8 [batch, 1, bins, columns], decibels as the cache has them, and answers `penultimate`. CACHE/values.safetensors
gets that of N windows of every track that begin every S seconds, f32 `[row, window, value]`. With K > 1 only every K-th window and
the last one are asked for, and those between are interpolated. Needs numpy, safetensors and onnxruntime.
"""

import argparse
import pathlib

import numpy as np
import onnxruntime
from safetensors import safe_open
from safetensors.numpy import save_file

SHOWN = 50  # rows between two lines about the progress


def session(path):
    """Open the teacher on one thread, and return it with the columns that it takes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    teacher = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return teacher, teacher.get_inputs()[0].shape[3]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("teacher")
    parser.add_argument("--hop-seconds", type=float, default=1.3947)
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    with safe_open(options.cache / "logmel.safetensors", "np") as file:
        logmel, metadata = file.get_tensor("logmel"), file.metadata()
    teacher, columns = session(options.teacher)
    second = 22050 / float(metadata["hop"])
    asked = sorted({*range(0, options.windows, options.every), options.windows - 1})
    starts = [min(round(window * options.hop_seconds * second), logmel.shape[2] - columns) for window in asked]
    values = []
    for row, track in enumerate(logmel):
        windows = np.stack([track[None, :, start : start + columns] for start in starts])
        values.append(teacher.run(["penultimate"], {"window": windows})[0])
        if row % SHOWN == 0:
            print(f"{row} of {len(logmel)}", flush=True)
    values = np.stack(values)
    after = np.clip(np.searchsorted(asked, np.arange(options.windows)), 1, len(asked) - 1)
    left, right = np.array(asked)[after - 1], np.array(asked)[after]
    share = ((np.arange(options.windows) - left) / (right - left)).astype(np.float32)[None, :, None]
    values = values[:, after - 1] * (1 - share) + values[:, after] * share
    # safetensors writes the memory as it lies, and what is taken along an axis lies in another order
    save_file({"penultimate": np.ascontiguousarray(values)}, options.cache / "values.safetensors")
    print(f"{len(values)} rows", flush=True)


if __name__ == "__main__":
    main()
