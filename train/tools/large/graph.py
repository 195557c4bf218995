"""A small writer of ONNX graphs whose weights are floats, or integers of 8 bits with a scale for each output channel."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# i8 weights are stored as u8 with this zero point, as in the other exported files
ZERO = 128


class Graph:
    """Nodes and constants in the order in which they are added; `integers` says how weights are stored."""

    def __init__(self, integers):
        self.integers = integers
        self.nodes, self.constants, self.names = [], {}, set()

    def node(self, operator, inputs, name, **attributes):
        """Append a node with one output, whose name is returned."""
        if name in self.names:
            raise ValueError(f"two values are called {name}")
        self.names.add(name)
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, values):
        """Add a constant, f32 unless it is an array of integers."""
        values = np.asarray(values)
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def affine(self, value, name, scale=None, offset=None):
        """Append `value * scale + offset`; either may be missing."""
        if scale is not None:
            value = self.node("Mul", [value, self.constant(f"{name}_scale", scale)], f"{name}_scaled")
        if offset is not None:
            value = self.node("Add", [value, self.constant(f"{name}_offset", offset)], name)
        return value

    def weights(self, name, values, axis):
        """Add weights and return their name and the factors of the outputs, which lie along `axis`.

        The largest weight of an output becomes 127. Floats are stored as they are, and their factors are 1.
        """
        others = tuple(index for index in range(values.ndim) if index != axis)
        if not self.integers:
            return self.constant(name, values), np.ones(values.shape[axis])
        steps = np.abs(values).max(axis=others, keepdims=True) / 127.0
        steps[steps == 0.0] = 1.0
        whole = np.rint(values / steps).astype(np.int32) + ZERO
        self.constant(f"{name}_u8", whole.astype(np.uint8))
        return self.whole(name), steps.reshape(-1)

    def whole(self, name):
        """Append the conversion of u8 weights to whole floats."""
        if "weight_zero" not in self.constants:
            self.constant("weight_zero", np.float32(ZERO))
        floats = self.node("Cast", [f"{name}_u8"], f"{name}_cast", to=TensorProto.FLOAT)
        return self.node("Sub", [floats, "weight_zero"], name)

    def shares(self, name, matrix, steps):
        """Add a matrix of weights from 0 to 1, as whole numbers of `steps` whose sums along rows stay; return its factor."""
        if not self.integers:
            return self.constant(name, matrix), 1.0
        self.constant(f"{name}_u8", np.rint(matrix * steps).astype(np.uint8))
        return self.node("Cast", [f"{name}_u8"], name, to=TensorProto.FLOAT), 1.0 / steps

    def model(self, inputs, outputs, metadata):
        """Return the model; inputs and outputs are `(name, type, shape)`."""
        values = [[helper.make_tensor_value_info(*value) for value in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "timbrel", *values, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="timbrel")
        model.ir_version = 8
        helper.set_model_props(model, metadata)
        return model
