#!/usr/bin/env python3
"""Compute the large model's embeddings for windows of the train and valid tracks of a cache.

Usage: values.py MODEL.onnx CACHE.safetensors MANIFEST.csv OUT.safetensors [--threads N]

The model is one of `large.py` without a head, the cache one of hop 512 (`logmel` u8 [row, band, column]). The windows follow
one another without a gap. OUT holds `teacher` u8 [row, window, value], the teacher's values, and `compact` f32 [row, window,
genre], the compact model's logits. Needs numpy, safetensors, onnx and onnxruntime.
"""

import argparse
import csv

import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save_file

from musicnn import VALUES


def window(track, start, width):
    """Return a window's decibels relative to its own maximum, as the classifier gives them to a network."""
    crop = track[:, start : start + width].astype(np.int32)
    return np.clip(crop + 255 - crop.max(), 0, 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("model", "cache", "manifest", "out"):
        parser.add_argument(name)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    with open(options.manifest, newline="") as file:
        rows = [row for row, entry in enumerate(csv.DictReader(file)) if entry["split"] in ("train", "valid")]
    tracks = load_file(options.cache)["logmel"]
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(options.model, session_options)
    exponent = session.get_modelmeta().custom_metadata_map["timbrel.logits_exponent"]
    width = session.get_inputs()[0].shape[3]
    genres = session.get_outputs()[0].shape[1]
    count = tracks.shape[2] // width
    teacher = np.zeros((len(tracks), count, VALUES), np.uint8)
    compact = np.zeros((len(tracks), count, genres), np.float32)
    for number in range(count):
        for row in rows:
            input = window(tracks[row], number * width, width)[None, None]
            logits, embedding = session.run(["logits", "embedding"], {"window": input})
            teacher[row, number] = embedding[0, -VALUES:]
            compact[row, number] = logits[0] * 2.0 ** -int(exponent)
        print(f"window {number}", flush=True)
    save_file({"teacher": teacher, "compact": compact}, options.out, metadata={"exponent": exponent})


if __name__ == "__main__":
    main()
