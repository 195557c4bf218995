"""The layers of a .timbrel file, and the same network for other runtimes. docs/model-format.md is the specification."""

import struct
from dataclasses import dataclass
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as tfl
from onnx import TensorProto, helper, numpy_helper

CONV, MAX_POOL, AVERAGE_POOL, DENSE, JOIN, RESAMPLING = 1, 3, 4, 5, 6, 7
RECORD = struct.Struct("<BB2B2B4B2B3H3HIIIIb7x")


@dataclass
class Layer:
    op: int
    shift: int
    kernel: tuple
    stride: tuple
    pad: tuple
    pool: tuple
    input: tuple
    output: tuple
    weights: np.ndarray
    biases: np.ndarray
    multiplier: int

    def unpooled(self):
        """Output height, width and channels before the pooling."""
        extent = [
            (self.input[i] + self.pad[i] + self.pad[i + 2] - self.kernel[i]) // self.stride[i] + 1
            for i in (0, 1)
        ]
        return (*extent, self.output[2])

    def multiply_adds(self):
        if self.op == DENSE:
            return self.weights.size
        if self.op == CONV:
            height, width, channels = self.unpooled()
            return height * width * channels * self.kernel[0] * self.kernel[1] * self.input[2]
        return 0


def layers(path: Path):
    file = path.read_bytes()
    sections = [struct.unpack_from("<II", file, 32 + 8 * i) for i in range(6)]
    (at, length), (weights_at, _) = sections[3], sections[4]
    for offset in range(at, at + length, RECORD.size):
        record = RECORD.unpack_from(file, offset)
        op, shift = record[:2]
        weights, weight_count, biases, bias_bytes = record[18:22]
        yield Layer(
            op, shift, record[2:4], record[4:6], record[6:10], record[10:12], record[12:15], record[15:18],
            np.frombuffer(file, np.int8, weight_count, weights_at + weights),
            np.frombuffer(file, "<i4", bias_bytes // 4, weights_at + biases),
            record[22],
        )


def is_chain(network):
    """Return whether the layers follow one another; this file has no other runtime's form of a network with branches."""
    return all(layer.op not in (JOIN, RESAMPLING) for layer in network)


def float_onnx(network):
    """The same network in f32, as one would export it for ONNX Runtime."""
    nodes, initialisers, name = [], [], "window"

    def constant(value):
        tensor = numpy_helper.from_array(value.astype(np.float32), f"c{len(initialisers)}")
        initialisers.append(tensor)
        return tensor.name

    def node(op, inputs, **attributes):
        nonlocal name
        name = f"n{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [name], **attributes))

    for index, layer in enumerate(network):
        if layer.op == CONV:
            kernel = layer.weights.reshape(layer.output[2], *layer.kernel, layer.input[2]).transpose(0, 3, 1, 2)
            weights = constant(kernel / 2.0**layer.shift)
            biases = constant(layer.biases / 2.0**layer.shift)
            node("Conv", [name, weights, biases], kernel_shape=layer.kernel, strides=layer.stride, pads=layer.pad)
            node("Relu", [name])
            if layer.pool != (1, 1):
                node("MaxPool", [name], kernel_shape=layer.pool, strides=layer.pool)
        elif layer.op == AVERAGE_POOL:
            node("AveragePool", [name], kernel_shape=layer.kernel, strides=layer.stride)
        elif layer.op == DENSE:
            if np.prod(layer.input) > 1 and nodes[-1].op_type != "Gemm":
                node("Flatten", [name])
            weights = constant(layer.weights.reshape(layer.output[2], -1) / 2.0**layer.shift)
            node("Gemm", [name, weights, constant(layer.biases / 2.0**layer.shift)], transB=1)
            if index + 1 < len(network):
                node("Relu", [name])
        else:
            raise ValueError(f"no peer for layer op {layer.op}")
    height, width, _ = network[0].input
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, 1, height, width])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        initialisers,
    )
    return onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


def litert(network):
    """The same network in LiteRT's int8: activations are `x - 128`. LiteRT pads a stride of 2 by its own rule, so the
    first layer sees the window shifted by one; the work is the same."""
    buffers, tensors, codes, operators = [tfl.BufferT()], [], [], []

    def tensor(shape, kind, data=None, scale=1.0, zero=0):
        quantised = tfl.QuantizationParametersT(scale=[scale], zeroPoint=[zero])
        buffer = 0
        if data is not None:
            buffer = len(buffers)
            buffers.append(tfl.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
        name = f"t{len(tensors)}"
        tensors.append(tfl.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name, quantization=quantised))
        return len(tensors) - 1

    def activation(shape):
        return tensor(shape, tfl.TensorType.INT8, zero=-128)

    def operator(code, inputs, output, kind, options):
        if code not in codes:
            codes.append(code)
        operators.append(
            tfl.OperatorT(codes.index(code), inputs, [output], builtinOptionsType=kind, builtinOptions=options)
        )

    built, kinds, paddings = tfl.BuiltinOperator, tfl.BuiltinOptions, tfl.Padding
    first = current = activation((1, *network[0].input))
    for index, layer in enumerate(network):
        scale = 2.0**-layer.shift
        padding = paddings.SAME if any(layer.pad) else paddings.VALID
        output = activation((1, *layer.unpooled()) if layer.op != DENSE else (1, layer.output[2]))
        if layer.op == CONV:
            shape = (layer.output[2], *layer.kernel, layer.input[2])
            weights = tensor(shape, tfl.TensorType.INT8, layer.weights, scale)
            biases = tensor([layer.output[2]], tfl.TensorType.INT32, layer.biases, scale)
            options = tfl.Conv2DOptionsT(
                padding, layer.stride[1], layer.stride[0], dilationWFactor=1, dilationHFactor=1
            )
            operator(built.CONV_2D, [current, weights, biases], output, kinds.Conv2DOptions, options)
            if layer.pool != (1, 1):
                current, output = output, activation((1, *layer.output))
                options = tfl.Pool2DOptionsT(paddings.VALID, *layer.pool[::-1], *layer.pool[::-1])
                operator(built.MAX_POOL_2D, [current], output, kinds.Pool2DOptions, options)
        elif layer.op == AVERAGE_POOL:
            options = tfl.Pool2DOptionsT(padding, *layer.stride[::-1], *layer.kernel[::-1])
            operator(built.AVERAGE_POOL_2D, [current], output, kinds.Pool2DOptions, options)
        elif layer.op == DENSE:
            if index + 1 == len(network):
                tensors[output].quantization.scale = [16.0]
            shape = (layer.output[2], layer.weights.size // layer.output[2])
            weights = tensor(shape, tfl.TensorType.INT8, layer.weights, scale)
            biases = tensor([layer.output[2]], tfl.TensorType.INT32, layer.biases, scale)
            options = tfl.FullyConnectedOptionsT()
            operator(built.FULLY_CONNECTED, [current, weights, biases], output, kinds.FullyConnectedOptions, options)
        else:
            raise ValueError(f"no peer for layer op {layer.op}")
        current = output
    graph = tfl.SubGraphT(tensors, [first], [current], operators)
    versions = {built.CONV_2D: 3, built.MAX_POOL_2D: 2, built.AVERAGE_POOL_2D: 2, built.FULLY_CONNECTED: 4}
    codes = [tfl.OperatorCodeT(min(code, 127), builtinCode=code, version=versions[code]) for code in codes]
    model = tfl.ModelT(3, codes, [graph], "network", buffers)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
