"""Run an exported .onnx in ONNX Runtime and compare every logit, the embedding and the rejection with recorded ones.

usage: check_onnx.py MODEL.onnx RECORDED.safetensors

The recorded file holds input u8 [windows, bins, columns], logits i32 [windows, classes] and optionally embedding u8
[windows, values] and not_music i32 [windows, 1]; `timbrel evaluate --logits` writes the first two.
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
    names = [name for name in ("logits", "embedding", "not_music") if name in tensors]
    for index, window in enumerate(tensors["input"]):
        for name, found in zip(names, session.run(names, {"window": window[None, None]}), strict=True):
            if not numpy.array_equal(found[0], tensors[name][index]):
                sys.exit(f"{level}: {name} is {found[0]} in ONNX Runtime, {tensors[name][index]} in the file")
print(f"{len(tensors['input'])} windows, every value equal, with and without optimisation")
