"""Write integer layers as standard ONNX operators; `docs/model-format.md` describes the form."""

import numpy as np
from onnx import TensorProto

import layers
from graph import Graph

# i8 weights are stored as u8 with this zero point, as in the other exported files
ZERO = 128


def unsigned(weights):
    """Return i8 weights as they are stored."""
    return (weights.astype(np.int16) + ZERO).astype(np.uint8)


class Writer:
    """A graph with the nodes of layers; `values` are the names of the activations."""

    def __init__(self, network):
        self.graph, self.network, self.values = Graph(), network, ["window"]
        # interpolations that differ in their padding alone are computed once
        self.resampled = {}
        self.graph.constant("activation_scale", np.float32(1.0 / 256.0))
        self.graph.constant("activation_zero", np.uint8(0))
        self.graph.constant("weight_zero", np.uint8(ZERO))
        operators = {
            layers.CONV: self.conv,
            layers.DEPTHWISE: self.depthwise,
            layers.MAX_POOL: self.max_pool,
            layers.AVERAGE_POOL: self.average_pool,
            layers.JOIN: self.join,
            layers.RESAMPLE: self.resample,
        }
        for layer in network.layers[:-1]:
            sources = [self.values[source] for source in layer.sources]
            self.values.append(operators[layer.op](f"layer_{len(self.values)}", layer, sources))

    def convolved(self, name, layer, source, weights, biases, group):
        """Append a convolution whose weights are [out, in, kernel height, kernel width]."""
        graph = self.graph
        shift = graph.constant(f"{name}_scale", np.float32(2.0**-layer.shift))
        weights = graph.constant(f"{name}_weights", unsigned(weights))
        biases = graph.constant(f"{name}_biases", biases.astype(np.int32))
        activation = ["activation_scale", "activation_zero"]
        inputs = [source, *activation, weights, shift, "weight_zero", *activation, biases]
        name = graph.node(
            "QLinearConv", inputs, name, kernel_shape=layer.kernel, strides=layer.stride, pads=layer.pad, group=group
        )
        if layer.pool == (1, 1):
            return name
        return graph.node("MaxPool", [name], f"{name}_pool", kernel_shape=layer.pool, strides=layer.pool)

    def conv(self, name, layer, sources):
        """Append a convolution."""
        return self.convolved(name, layer, sources[0], layer.weights.transpose(0, 3, 1, 2), layer.biases, 1)

    def depthwise(self, name, layer, sources):
        """Append a depthwise convolution."""
        weights = layer.weights.transpose(2, 0, 1)[:, None]
        return self.convolved(name, layer, sources[0], weights, layer.biases, len(weights))

    def average_pool(self, name, layer, sources):
        """Append an average pooling, as a depthwise convolution whose weights are the multiplier."""
        channels = layer.input[2]
        weights = np.full((channels, 1, *layer.kernel), layer.multiplier, np.int8)
        return self.convolved(name, layer, sources[0], weights, np.zeros(channels), channels)

    def max_pool(self, name, layer, sources):
        """Append a maximum pooling."""
        return self.graph.node("MaxPool", sources, name, kernel_shape=layer.kernel, strides=layer.stride, pads=layer.pad)

    def join(self, name, layer, sources):
        """Append a concatenation of channels."""
        return self.graph.node("Concat", sources, name, axis=1)

    def resample(self, name, layer, sources):
        """Append an interpolation, in floats that are exact, its table and its padding."""
        rows, columns = layer.cells
        inside = np.flatnonzero(columns[:, 0] != layers.PADDING)
        key = (layer.weights.tobytes(), rows.tobytes(), columns[inside].tobytes())
        if key not in self.resampled:
            self.resampled[key] = self.interpolated(name, layer, rows, columns[inside])
        padding = columns[columns[:, 0] == layers.PADDING, 1]
        parts = [self.resampled[key]]
        for count, side in ((inside[0], "before"), (len(columns) - 1 - inside[-1], "after")):
            if count:
                edge = np.full((1, 1, len(rows), count), padding[0], np.uint8)
                parts.insert(0 if side == "before" else 2, self.graph.constant(f"{name}_{side}", edge))
        return self.graph.node("Concat", parts, name, axis=3)

    def interpolated(self, name, layer, rows, columns):
        """Append a resampling without its padding."""
        graph = self.graph
        value = graph.node("Cast", ["window"], f"{name}_cells", to=TensorProto.FLOAT)
        by_rows = graph.constant(f"{name}_rows", matrix(rows, layer.input[0]))
        value = graph.node("MatMul", [by_rows, value], f"{name}_bands")
        by_columns = graph.constant(f"{name}_columns", matrix(columns, layer.input[1]).T)
        value = graph.node("MatMul", [value, by_columns], f"{name}_frames")
        value = graph.node("Mul", [value, graph.constant(f"{name}_step", np.float32(2.0**-16))], f"{name}_sums")
        value = graph.node("Add", [value, graph.constant(f"{name}_half", np.float32(0.5))], f"{name}_above")
        value = graph.node("Floor", [value], f"{name}_floor")
        value = graph.node("Cast", [value], f"{name}_places", to=TensorProto.INT64)
        return graph.node("Gather", [graph.constant(f"{name}_table", layer.weights), value], f"{name}_levels")

    def sums(self, name, weights, biases):
        """Append a dense layer over the last layer's input whose sums are an output."""
        weights = self.graph.constant(f"{name}_weights", unsigned(weights.T))
        value = self.graph.node("MatMulInteger", ["embedding", weights, "activation_zero", "weight_zero"], f"{name}_sums")
        return self.graph.node("Add", [value, self.graph.constant(f"{name}_biases", biases[None])], name)

    def model(self, rejection, metadata):
        """Append the outputs and return the model."""
        last = self.network.layers[-1]
        height, width, _ = self.network.window
        self.graph.node("Flatten", [self.values[last.sources[0]]], "embedding", axis=1)
        self.sums("logits", last.weights, last.biases)
        outputs = [
            ("logits", TensorProto.INT32, [1, len(last.weights)]),
            ("embedding", TensorProto.UINT8, [1, last.weights.shape[1]]),
        ]
        if rejection is not None:
            self.sums("not_music", rejection.weights[None], np.array([rejection.bias], np.int32))
            outputs.append(("not_music", TensorProto.INT32, [1, 1]))
        return self.graph.model([("window", TensorProto.UINT8, [1, 1, height, width])], outputs, metadata)


def matrix(cells, extent):
    """Return the matrix [place, cell] of an interpolation, in 1/256."""
    first, share = cells.astype(np.int64).T
    found = np.zeros((len(cells), extent), np.float32)
    index = np.arange(len(cells))
    found[index, first] = 256 - share
    found[index, first + 1] += share
    return found
