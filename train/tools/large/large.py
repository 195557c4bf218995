#!/usr/bin/env python3
"""Write the large model: MSD_musicnn and the compact model in one network of integers, and a head for the genres.

Usage: large.py CHECKPOINT RANGES.safetensors COMPACT.timbrel OUT.timbrel [--head HEAD.safetensors]

CHECKPOINT is the folder `musicnn/MSD_musicnn` of the PyPI package musicnn 0.1.0, RANGES the output of `ranges.py`, HEAD that of
`head.py`. The embedding is the compact model's, then the teacher's 200 values. Without a head the logits are those of the compact
model. Needs numpy, onnx and safetensors.
"""

import argparse

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

import layers
import timbrel_file
from musicnn import VALUES, Parameters
from teacher import Teacher

# goes with every copy of the weights
NOTICE = """Copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019. Code developed by Jordi Pons (www.jordipons.me).

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE."""


def joined(compact, parameters, ranges, head, finer):
    """Return the network of both models, whose last layer has the weights and biases of the head.

    The exponent of the compact model's own logits is larger by `finer`.
    """
    network = layers.Network(compact.network.window)
    *hidden, last = compact.network.layers
    for layer in hidden:
        network.add(layer)
    own = len(hidden)
    teacher = Teacher(network, parameters, ranges).values().activation
    coarser = lambda values: np.rint(values / 2.0**finer).astype(values.dtype)
    weights = np.concatenate([coarser(last.weights), head["weights"]], 1)
    network.dense(network.join([own, teacher]), weights, coarser(last.biases) + head["biases"], 0)
    return network


def describe(model, about):
    """Say in a model what the head changes; `about` is the head's metadata."""
    provenance = [
        "network: MSD_musicnn (PyPI musicnn 0.1.0), trained on the Million Song Dataset, and the compact model",
        f"head: logistic regression, C {about['strength']}, plus the compact model's logits",
        *(f"compact {line}" for line in model.provenance()),
        *(f"licence of MSD_musicnn: {line}" for line in NOTICE.splitlines() if line),
    ]
    # windows without overlap, as an answer from overlapping ones costs twice as much and is hardly better
    confidence = float(about["scale"]), float(about["unsure_below"])
    model.describe(model.columns(), int(about["exponent"]), confidence, provenance)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("checkpoint", "ranges", "compact", "out"):
        parser.add_argument(name)
    parser.add_argument("--head")
    options = parser.parse_args()

    model = timbrel_file.read(options.compact)
    exponent = model.exponent()
    head = {"weights": np.zeros((model.classes(), VALUES), np.int8), "biases": 0}
    if options.head:
        head = load_file(options.head)
        with safe_open(options.head, "np") as file:
            describe(model, file.metadata())
    finer = exponent - model.exponent()
    model.network = joined(model, Parameters(options.checkpoint), load_file(options.ranges), head, finer)
    # whether it is music is what the compact model says
    own, values = model.rejection.weights, model.network.layers[-1].input[2]
    model.rejection.weights = np.pad(own, (0, values - len(own)))
    timbrel_file.write(options.out, model)


if __name__ == "__main__":
    main()
