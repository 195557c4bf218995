#!/usr/bin/env python3
"""Write a shipped network for other runtimes, with a window of noise, for aarch64_windows.py.

    aarch64_models.py MODEL.timbrel FILE.npz
"""

import sys
from pathlib import Path

import numpy as np

import shipped


def main():
    path, file = map(Path, sys.argv[1:])
    network = list(shipped.layers(path))
    height, width, _ = network[0].input
    models = {
        "int8": path.with_suffix(".onnx").read_bytes(),
        "float": shipped.float_onnx(network),
        "litert": shipped.litert(network),
    }
    stored = {name: np.frombuffer(model, np.uint8) for name, model in models.items()}
    window = np.random.default_rng(1).integers(0, 256, (1, 1, height, width), np.uint8)
    np.savez(file, window=window, **stored)


if __name__ == "__main__":
    main()
