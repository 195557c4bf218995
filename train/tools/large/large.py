#!/usr/bin/env python3
"""Write the large model: MSD_musicnn and the compact model in one ONNX file, and a head for the genres.

Usage: large.py CHECKPOINT COMPACT.onnx OUT.onnx [--head HEAD.safetensors] [--floats]

CHECKPOINT is the folder `musicnn/MSD_musicnn` of the PyPI package musicnn 0.1.0, HEAD the output of `head.py`. Without a head
the outputs are what it is made from: `teacher` f32 [1, 200] and `compact` f32 [1, genres], the values of the compact model's
logits. The weights are integers of 8 bits, with `--floats` not. Needs numpy, onnx and safetensors.
"""

import argparse
import json

import numpy as np
import onnx
from onnx import TensorProto
from safetensors import safe_open
from safetensors.numpy import load_file

import columns
from graph import Graph
from musicnn import Parameters, network

# goes with every copy of the weights
NOTICE = """Copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019. Code developed by Jordi Pons (www.jordipons.me).

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE."""

# the exponent of integer logits that stand for floats, as in the other files of float networks
LOGITS_EXPONENT = 16


def metadata(model):
    """Return a model's metadata."""
    return {entry.key: entry.value for entry in model.metadata_props}


def take_in(graph, model, prefix, kept):
    """Add another model's nodes under names with a prefix, except its window and the outputs in `kept`."""
    rename = lambda name: name if name in ("window", *kept) else f"{prefix}{name}"
    for tensor in model.graph.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        copy.name = rename(tensor.name)
        graph.constants[copy.name] = copy
    for node in model.graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = rename(node.name) if node.name else ""
        copy.input[:] = [rename(name) for name in node.input]
        copy.output[:] = [rename(name) for name in node.output]
        graph.nodes.append(copy)


def described(about, options):
    """Return the metadata of the compact model with what is different here."""
    window = json.loads(about["timbrel.window"])
    # windows without overlap, as they cost much and an answer from overlapping ones is hardly better
    window["hop"] = window["columns"]
    with safe_open(options.head, "np") as file:
        head = file.metadata()
    compact = [f"compact {line}" for line in about["timbrel.provenance"].splitlines()]
    provenance = [
        "network: MSD_musicnn (PyPI musicnn 0.1.0), trained on the Million Song Dataset, and the compact model",
        "licence of MSD_musicnn: ISC, see the key notice",
        f"head: logistic regression, C {head['strength']}, plus {head['share']} times the compact model's logits",
        *compact,
    ]
    return about | {
        "timbrel.window": json.dumps(window),
        "timbrel.logits_exponent": str(LOGITS_EXPONENT),
        "timbrel.confidence_scale": head["scale"],
        "timbrel.unsure_below": head["unsure_below"],
        "timbrel.provenance": "\n".join(provenance),
        "notice": f"The weights of MSD_musicnn (PyPI: musicnn 0.1.0):\n\n{NOTICE}",
    }


def head_of(graph, head):
    """Append the integer logits, and the embedding: the teacher's values as u8, each in steps of its own."""
    value = graph.node("Concat", ["teacher", "compact"], "values", axis=1)
    value = graph.node("MatMul", [value, graph.constant("head_weights", head["weights"])], "head_sums")
    value = graph.affine(value, "float_logits", offset=head["bias"][None])
    value = graph.affine(value, "logits", scale=np.float64(2.0**LOGITS_EXPONENT))
    value = graph.node("Round", [value], "logits_rounded")
    graph.node("Cast", [value], "logits", to=TensorProto.INT32)
    value = graph.node("Mul", ["teacher", graph.constant("embedding_rates", 1.0 / head["steps"][None])], "embedding_scaled")
    value = graph.node("Clip", [value, graph.constant("lowest", 0.0), graph.constant("highest", 255.0)], "embedding_clipped")
    value = graph.node("Round", [value], "embedding_rounded")
    graph.node("Cast", [value], "embedding", to=TensorProto.UINT8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("checkpoint", "compact", "out"):
        parser.add_argument(name)
    parser.add_argument("--head")
    parser.add_argument("--floats", action="store_true", help="weights as floats")
    options = parser.parse_args()

    compact = onnx.load(options.compact)
    about = metadata(compact)
    window, labels = json.loads(about["timbrel.window"]), json.loads(about["timbrel.labels"])
    width = window["columns"]
    graph = Graph(integers=not options.floats)
    teacher = network(graph, Parameters(options.checkpoint), width, columns.GAIN_DB)
    take_in(graph, compact, "compact_", ["not_music"])
    value = graph.node("Cast", ["compact_logits"], "compact_f32", to=TensorProto.FLOAT)
    scale = np.float64(2.0 ** -int(about["timbrel.logits_exponent"]))
    input = ("window", TensorProto.UINT8, [1, 1, columns.BANDS, width])
    graph.node("Identity", [teacher], "teacher")
    graph.node("Mul", [value, graph.constant("compact_step", scale)], "compact")
    if options.head is None:
        outputs = [("teacher", TensorProto.FLOAT, [1, 200]), ("compact", TensorProto.FLOAT, [1, len(labels)])]
        about = {}
    else:
        head = load_file(options.head)
        head_of(graph, head)
        outputs = [
            ("logits", TensorProto.INT32, [1, len(labels)]),
            ("float_logits", TensorProto.FLOAT, [1, len(labels)]),
            ("embedding", TensorProto.UINT8, [1, len(head["steps"])]),
            ("not_music", TensorProto.INT32, [1, 1]),
        ]
        about = described(about, options)
    model = graph.model([input], outputs, about)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, options.out)


if __name__ == "__main__":
    main()
