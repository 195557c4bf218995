#!/usr/bin/env python3
"""Compare the ONNX form of MSD_musicnn with TensorFlow's run of the package's own graph, on patches of noise.

Usage: check_port.py CHECKPOINT MUSICNN.onnx   (the folder and the output of `musicnn.py`)

Needs numpy, onnx, onnxruntime and tensorflow.
"""

import sys

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from onnx import TensorProto, helper

import checkpoint
from musicnn import Parameters


def from_spectrogram(path):
    """Return a session of the part of the model that begins with the normalised spectrogram."""
    model = onnx.load(path)
    nodes = list(model.graph.node)
    first = next(index for index, node in enumerate(nodes) if "spectrogram" in node.output)
    del model.graph.node[: first + 1]
    del model.graph.input[:]
    model.graph.input.append(helper.make_tensor_value_info("spectrogram", TensorProto.FLOAT, ["batch", 1, 96, "frames"]))
    return onnxruntime.InferenceSession(model.SerializeToString())


def by_tensorflow(folder, patch):
    """Return the tags that the package's graph computes. Its variables are fed with the checkpoint's values."""
    v1 = tf.compat.v1
    v1.disable_eager_execution()
    meta = v1.MetaGraphDef()
    with open(f"{folder}/.meta", "rb") as file:
        meta.ParseFromString(file.read())
    last = [node.name for node in meta.graph_def.node if node.name.endswith("dense_1/BiasAdd")][0]
    # the gradients of the training are no longer valid in today's TensorFlow
    graph_def = v1.graph_util.extract_sub_graph(meta.graph_def, [last])
    variables = checkpoint.read(f"{folder}/")
    with v1.Session(graph=tf.Graph()) as session:
        tf.import_graph_def(graph_def, name="")
        feed = {}
        for operation in session.graph.get_operations():
            if operation.type in ("VariableV2", "VarHandleOp"):
                feed[operation.outputs[0]] = variables[operation.name]
            elif operation.type.startswith("Placeholder"):
                kind = operation.outputs[0].dtype
                feed[operation.outputs[0]] = patch if kind == tf.float32 else False
        return session.run(session.graph.get_tensor_by_name(f"{last}:0"), feed)


def main():
    folder, path = sys.argv[1:]
    generator = np.random.default_rng(1)
    # smooth over frames as music is, in the range of log10(1 + 10,000 P)
    noise = generator.normal(size=(1, 187, 96)).cumsum(1) * 0.1
    patch = np.clip(1.5 + noise, 0.0, 5.0).astype(np.float32)

    tags = by_tensorflow(folder, patch)
    scale, offset = (part.item() for part in Parameters(folder).norm(0))
    spectrogram = (patch * scale + offset).transpose(0, 2, 1)[:, None].astype(np.float32)
    found = from_spectrogram(path).run(["tags"], {"spectrogram": spectrogram})[0]
    print(f"50 tags from {tags.min():.3f} to {tags.max():.3f}, largest difference {np.abs(found - tags).max():.2e}")


if __name__ == "__main__":
    main()
