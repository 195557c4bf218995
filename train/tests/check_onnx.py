"""Runs an exported .onnx in ONNX Runtime and compares every logit with those of `timbrel evaluate --logits`.

usage: check_onnx.py MODEL.onnx LOGITS.safetensors
"""

import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

model, recorded = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)

tensors = load_file(recorded)
levels = onnxruntime.GraphOptimizationLevel
for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for window, expected in zip(tensors["input"], tensors["logits"], strict=True):
        (found,) = session.run(["logits"], {"window": window[None, None]})
        if not numpy.array_equal(found[0], expected):
            sys.exit(f"{level}: ONNX Runtime says {found[0]}, the file {expected}")
print(f"{len(tensors['input'])} windows, every logit equal, with and without optimisation")
