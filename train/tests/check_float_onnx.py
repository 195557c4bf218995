"""Runs float .onnx files in ONNX Runtime and compares their logits with recorded ones within 1e-4.

usage: check_float_onnx.py FOLDER

For each NAME.onnx the folder holds NAME.safetensors: input u8 [windows, bins, columns], logits f32
[windows, classes].
"""

import pathlib
import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for file in files:
    onnx.checker.check_model(onnx.load(file), full_check=True)
    tensors = load_file(file.with_suffix(".safetensors"))
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    for window, expected in zip(tensors["input"], tensors["logits"], strict=True):
        integers, floats = session.run(
            ["logits", "float_logits"], {"window": window[None, None]}
        )
        worst = numpy.abs(floats[0] - expected).max()
        if worst > 1e-4:
            sys.exit(f"{file.name}: float_logits are {worst} away")
        worst = numpy.abs(integers[0] / 65536 - expected).max()
        if worst > 1e-4:
            sys.exit(f"{file.name}: logits are {worst} away")
print(f"{len(files)} files agree")
