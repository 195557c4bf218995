#!/usr/bin/env python3
"""Write MSD_musicnn as an ONNX file that takes this project's windows.

Usage: musicnn.py CHECKPOINT OUT.onnx [--columns N] [--gain DB]

CHECKPOINT is the folder `musicnn/MSD_musicnn` of the PyPI package musicnn 0.1.0 (ISC licence; a wheel is a ZIP archive). The
network's input is `window` u8 [batch, 1, 128, columns]: decibels below the window's maximum, 255 for 0 dB and 0 for -80 dB
or less, columns of 512 samples at 22,050 Hz. Its outputs are `penultimate` f32 [batch, 200] and `tags` f32 [batch, 50], logits.
Needs numpy and onnx.
"""

import argparse

import numpy as np
import onnx
from onnx import TensorProto

import checkpoint
import columns
from graph import Graph

# values before the last layer
VALUES = 200
EPSILON = 1e-3
NEPERS_PER_DB = np.log(10.0) / 10.0


class Parameters:
    """The variables of the checkpoint, with batch normalisation as a scale and an offset."""

    def __init__(self, folder):
        self.variables = checkpoint.read(f"{folder}/")

    def of(self, layer, index):
        """Return the kernel and the bias of a layer."""
        name = f"{layer}_{index}" if index else layer
        return [self.variables[f"{name}/{part}"].astype(np.float64) for part in ("kernel", "bias")]

    def norm(self, index):
        """Return the scale and the offset of a batch normalisation."""
        name = f"batch_normalization_{index}" if index else "batch_normalization"
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, mean, variance = (self.variables[f"{name}/{part}"].astype(np.float64) for part in parts)
        scale = gamma / np.sqrt(variance + EPSILON)
        return scale, beta - mean * scale

    def living(self, index):
        """Return which channels of a convolution ever change.

        The training has driven most kernels to zero: their largest effect is below 1e-8, the least of the others 0.009.
        """
        kernel, _ = self.of("conv2d", index)
        scale, _ = self.norm(index + 1)
        return np.abs(scale) * np.abs(kernel).sum((0, 1, 2)) > 1e-6


def channels(values):
    """Return values of channels in the shape in which they meet [batch, channel, band, frame]."""
    return np.asarray(values).reshape(1, -1, 1, 1)


def spectrogram(graph, parameters, width, gain):
    """Append the conversion of the window to the teacher's normalised spectrogram [batch, 1, 96, frames].

    The teacher takes log10(1 + 10,000 P), P being the power in a cell.
    """
    value = graph.node("Cast", ["window"], "window_f32", to=TensorProto.FLOAT)
    value = graph.node("MatMul", [graph.constant("bands", columns.bands()), value], "in_bands")
    value = graph.node("MatMul", [value, graph.constant("times", columns.times(width))], "in_frames")
    step = 80.0 / 255.0 * NEPERS_PER_DB
    value = graph.affine(value, "nepers", np.float64(step), np.float64((gain - 80.0) * NEPERS_PER_DB + np.log(1e4)))
    value = graph.node("Exp", [value], "power")
    value = graph.affine(value, "power_above", offset=np.float64(1.0))
    value = graph.node("Log", [value], "log_power")
    scale, offset = (part.item() for part in parameters.norm(0))
    return graph.affine(value, "spectrogram", np.float64(scale / np.log(10.0)), np.float64(offset))


def front(graph, parameters, value, height=columns.TEACHER_BANDS):
    """Append the first layer: two kinds of filters over bands and frames and three over frames, maxima over the bands.

    The teacher has normalisations between its ReLU and the maximum. Their scale is part of the weights here, so that the
    ReLU follows the maximum, where it has a sixtieth of the values: of a channel with a negative scale it keeps what is
    below zero.
    """
    parts, signs, biases, offsets = [], [], [], []
    for index in range(5):
        kernel, bias = parameters.of("conv2d", index)
        scale, offset = parameters.norm(index + 1)
        frames, rows = kernel.shape[:2]
        folded = (kernel * scale).transpose(3, 2, 1, 0)
        weights = graph.constant(f"front_{index}", folded)
        before = (frames - 1) // 2
        pads = [0, before, 0, frames - 1 - before]
        found = graph.node("Conv", [value, weights], f"filters_{index}", kernel_shape=[rows, frames], pads=pads)
        pool = [height - rows + 1, 1]
        parts.append(graph.node("MaxPool", [found], f"maximum_{index}", kernel_shape=pool, strides=pool))
        sign = np.where(scale < 0.0, -1.0, 1.0)
        signs.append(sign)
        biases.append(sign * scale * bias)
        offsets.append(offset)
    join = lambda values: channels(np.concatenate(values))
    value = graph.node("Concat", parts, "maxima", axis=1)
    value = graph.affine(value, "upright", join(signs), join(biases))
    value = graph.node("Relu", [value], "front_relu")
    return graph.affine(value, "front", join(signs), join(offsets))


def middle(graph, parameters, value):
    """Append the three layers over time; return the joined channels of all four layers."""
    parts, before = [value], None
    for index in (5, 6, 7):
        kernel, bias = parameters.of("conv2d", index)
        scale, offset = parameters.norm(index + 1)
        # [frame, channel, 1, out] to [out, channel, 1, frame]
        weights = graph.constant(f"middle_{index}", kernel.transpose(3, 1, 2, 0))
        value = graph.node("Conv", [value, weights], f"sums_{index}", kernel_shape=[1, 7], pads=[0, 3, 0, 3])
        value = graph.affine(value, f"biased_{index}", offset=channels(bias))
        value = graph.node("Relu", [value], f"middle_relu_{index}")
        value = graph.affine(value, f"normal_{index}", channels(scale), channels(offset))
        if before is not None:
            value = graph.node("Add", [value, before], f"residual_{index}")
        parts.append(value)
        before = value
    return graph.node("Concat", parts, "layers", axis=1)


def penultimate(graph, parameters, value):
    """Append maxima and means over time and the first dense layer; return its ReLU's 200 values."""
    pooled = [graph.node(f"Global{kind}Pool", [value], kind.lower()) for kind in ("Max", "Average")]
    value = graph.node("Flatten", [graph.node("Concat", pooled, "pools", axis=1)], "flat", axis=1)
    kernel, bias = parameters.of("dense", 0)
    scale, offset = parameters.norm(9)
    # the teacher's maximum and mean of a channel lie side by side
    apart = lambda values: np.concatenate([values[0::2], values[1::2]])
    bias = bias + offset @ kernel
    value = graph.affine(value, "pooled", apart(scale)[None])
    value = graph.node("MatMul", [value, graph.constant("dense", apart(kernel))], "dense_sums")
    value = graph.affine(value, "dense_biased", offset=bias[None])
    return graph.node("Relu", [value], "dense_relu")


def network(graph, parameters, width, gain):
    """Append everything from the window to the 200 values before the last normalisation."""
    value = spectrogram(graph, parameters, width, gain)
    value = middle(graph, parameters, front(graph, parameters, value))
    return penultimate(graph, parameters, value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--columns", type=int, default=128, help="columns of a window")
    parser.add_argument("--gain", type=float, default=columns.GAIN_DB, help="decibels of the window's maximum")
    options = parser.parse_args()

    parameters, graph = Parameters(options.checkpoint), Graph()
    value = network(graph, parameters, options.columns, options.gain)
    scale, offset = parameters.norm(10)
    value = graph.affine(value, "penultimate", scale[None], offset[None])
    kernel, bias = parameters.of("dense", 1)
    value = graph.node("MatMul", [value, graph.constant("tag_weights", kernel)], "tag_sums")
    graph.affine(value, "tags", offset=bias[None])
    model = graph.model(
        [("window", TensorProto.UINT8, ["batch", 1, columns.BANDS, options.columns])],
        [("penultimate", TensorProto.FLOAT, ["batch", VALUES]), ("tags", TensorProto.FLOAT, ["batch", 50])],
        {"licence": "ISC, Music Technology Group, Universitat Pompeu Fabra 2019 (PyPI: musicnn 0.1.0, MSD_musicnn)"},
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, options.out)


if __name__ == "__main__":
    main()
