#!/usr/bin/env python3
"""Measure what MSD_musicnn's layers get and give for windows of the train tracks.

Usage: ranges.py CHECKPOINT CACHE.safetensors MANIFEST.csv OUT.safetensors [--windows N]

CHECKPOINT is the folder `musicnn/MSD_musicnn` of the PyPI package musicnn 0.1.0, the cache one of hop 512 (`logmel` u8 [row,
band, column]). N windows of each train track at random places are computed in floats (default: 3). OUT holds, f64:

- `least_L` and `most_L`, the least and largest normalised values of layer L's channels (0 to 4: the first layer's parts; 5 to
  7), and `least_sum_L` and `most_sum_L`, those of the sums of layers
- `mean_front`, `mean_5`, `mean_sum_6`, `mean_sum_7`: the largest means over time
- `most_dense`: the largest values of the dense layer, but no more than five standard deviations above the mean. A value that is
  rarely anything but 0 would otherwise be so coarse that the head's weights had no place in 8 bits
- `moments_L`, of layers 0 to 7 and `dense`: the mean of x xᵀ, x being what a filter sees, [kernel height, kernel width,
  channel], of the channels that ever change, and a 1

Needs numpy, safetensors, onnx and onnxruntime.
"""

import argparse
import csv

import numpy as np
import onnxruntime
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto
from safetensors.numpy import load_file, save_file

import columns
from graph import Graph
from musicnn import Parameters, network
from teacher import FRONT, Teacher
from layers import Network
from values import window

OUTPUTS = ("spectrogram", "front", "normal_5", "normal_6", "normal_7", "residual_6", "residual_7", "max", "average")
# of each window, so many places of a filter over bands and frames
PLACES = 64


class Ranges:
    """What is known so far."""

    def __init__(self):
        self.found, self.counts = {}, {}

    def extend(self, name, values, function):
        """Take a minimum or maximum with what there is."""
        self.found[name] = function(self.found[name], values) if name in self.found else values

    def both(self, name, values):
        """Extend the range of channels [channel, frame]."""
        self.extend(f"least_{name}", values.min(1), np.minimum)
        self.extend(f"most_{name}", values.max(1), np.maximum)

    def mean(self, name, values):
        """Extend the largest means over time of channels [channel, frame]."""
        self.extend(f"mean_{name}", values.mean(1), np.maximum)

    def moments(self, name, seen):
        """Add what a filter sees, [place, value]."""
        seen = np.concatenate([seen, np.ones((len(seen), 1))], 1)
        self.found[f"moments_{name}"] = self.found.get(f"moments_{name}", 0.0) + seen.T @ seen
        self.counts[name] = self.counts.get(name, 0) + len(seen)

    def result(self):
        """Return everything."""
        for name, count in self.counts.items():
            self.found[f"moments_{name}"] = self.found[f"moments_{name}"] / count
        return self.found


def observe(ranges, functions, given, generator):
    """Add one window, whose values are `given`."""
    spectrogram = given["spectrogram"][0, 0]
    front, first, second, third = (given[name][0, :, 0] for name in ("front", "normal_5", "residual_6", "residual_7"))
    start = 0
    for index in FRONT:
        function = functions[index]
        rows, frames = function.kernel.shape[1:3]
        before = (frames - 1) // 2
        padded = np.pad(spectrogram, ((0, 0), (before, frames - 1 - before)))
        patches = sliding_window_view(padded, (rows, frames))
        places = [generator.integers(extent, size=PLACES) for extent in patches.shape[:2]]
        ranges.moments(str(index), patches[places[0], places[1]].reshape(PLACES, -1))
        ranges.both(str(index), front[start : start + len(function.living)])
        start += len(function.living)
    living = np.concatenate([functions[index].living for index in FRONT])
    alive = [front[living], first[functions[5].living], second, third]
    for index, source in zip((5, 6, 7), alive):
        frames = functions[index].kernel.shape[2]
        # [channel, place, frame] to [place, frame and channel]
        seen = sliding_window_view(source, frames, 1).transpose(1, 2, 0)
        ranges.moments(str(index), seen.reshape(len(seen), -1))
        ranges.both(str(index), given[f"normal_{index}"][0, :, 0])
    for name, values in (("front", front), ("5", first), ("sum_6", second), ("sum_7", third)):
        ranges.mean(name, values)
    ranges.both("sum_6", second)
    ranges.both("sum_7", third)
    pools = [pool for values in alive for pool in (values.max(1), values.mean(1))]
    ranges.moments("dense", np.concatenate(pools)[None])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("checkpoint", "cache", "manifest", "out"):
        parser.add_argument(name)
    parser.add_argument("--windows", type=int, default=3)
    options = parser.parse_args()

    parameters, graph = Parameters(options.checkpoint), Graph()
    last = network(graph, parameters, columns.WINDOW, columns.GAIN_DB)
    names = (*OUTPUTS, last)
    model = graph.model(
        [("window", TensorProto.UINT8, [1, 1, columns.BANDS, columns.WINDOW])],
        [(name, TensorProto.FLOAT, None) for name in names],
        {},
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    functions = Teacher(Network((columns.BANDS, columns.WINDOW, 1)), parameters, {}).functions
    with open(options.manifest, newline="") as file:
        rows = [row for row, entry in enumerate(csv.DictReader(file)) if entry["split"] == "train"]
    tracks = load_file(options.cache)["logmel"]
    generator, ranges, dense = np.random.default_rng(0), Ranges(), []
    for count, row in enumerate(rows):
        starts = generator.choice(tracks.shape[2] // columns.WINDOW, options.windows, replace=False) * columns.WINDOW
        for start in starts:
            input = window(tracks[row], start, columns.WINDOW)[None, None]
            given = dict(zip(names, session.run(names, {"window": input})))
            given = {name: value.astype(np.float64) for name, value in given.items()}
            observe(ranges, functions, given, generator)
            dense.append(given[last][0])
        if count % 50 == 0:
            print(f"{count} of {len(rows)} tracks", flush=True)
    ranges.found["most_dense"] = np.minimum(np.max(dense, 0), np.mean(dense, 0) + 5.0 * np.std(dense, 0))
    save_file({name: np.ascontiguousarray(value) for name, value in ranges.result().items()}, options.out)


if __name__ == "__main__":
    main()
