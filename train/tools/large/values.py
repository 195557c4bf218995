#!/usr/bin/env python3
"""Compute a model's values for windows of the tracks of a cache.

Usage: values.py MODEL.onnx CACHE.safetensors MANIFEST.csv OUT.safetensors [--train WINDOWS] [--valid WINDOWS]

The model is one of `large.py` without a head, the cache one of hop 512 (`logmel` u8 [row, band, column]). The windows follow
one another without a gap; WINDOWS are the numbers of those that are computed (default: all). OUT holds the model's outputs
as f32 [row, window, value] and `known` u8 [row, window]. It is written after each round of one window a track, and windows
that it has already are not computed again. Needs numpy, safetensors and onnxruntime.
"""

import argparse
import csv
import os

import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save_file

OUTPUTS = ("teacher", "compact")


def window(track, start, width):
    """Return a window's decibels relative to its own maximum, as the classifier gives them to a network."""
    crop = track[:, start : start + width].astype(np.int32)
    return np.clip(crop + 255 - crop.max(), 0, 255).astype(np.uint8)


def numbers(text, count):
    """Return the numbers of a list such as 1,4,7."""
    return list(range(count)) if text is None else [int(part) for part in text.split(",") if part]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "cache", "manifest", "out"):
        parser.add_argument(name)
    parser.add_argument("--train", help="windows of the train tracks")
    parser.add_argument("--valid", help="windows of the valid tracks")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    with open(options.manifest, newline="") as file:
        splits = np.array([row["split"] for row in csv.DictReader(file)])
    tracks = load_file(options.cache)["logmel"]
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(options.model, session_options)
    width = session.get_inputs()[0].shape[3]
    count = tracks.shape[2] // width
    if os.path.exists(options.out):
        found = load_file(options.out)
    else:
        sizes = {output.name: output.shape[1] for output in session.get_outputs()}
        found = {name: np.zeros((len(tracks), count, sizes[name]), np.float32) for name in OUTPUTS}
        found["known"] = np.zeros((len(tracks), count), np.uint8)
    for split in ("valid", "train"):
        for number in numbers(getattr(options, split), count):
            for row in np.flatnonzero((splits == split) & (found["known"][:, number] == 0)):
                input = window(tracks[row], number * width, width)[None, None]
                for name, values in zip(OUTPUTS, session.run(OUTPUTS, {"window": input})):
                    found[name][row, number] = values[0]
                found["known"][row, number] = 1
            save_file(found, options.out)
            print(f"{split}: window {number}", flush=True)


if __name__ == "__main__":
    main()
