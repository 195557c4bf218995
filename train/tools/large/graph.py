"""A small writer of ONNX graphs."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Nodes and constants in the order in which they are added."""

    def __init__(self):
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

    def model(self, inputs, outputs, metadata):
        """Return the model; inputs and outputs are `(name, type, shape)`."""
        values = [[helper.make_tensor_value_info(*value) for value in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "timbrel", *values, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="timbrel")
        model.ir_version = 8
        helper.set_model_props(model, metadata)
        return model
