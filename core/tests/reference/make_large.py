#!/usr/bin/env python3
"""Write large.txt: the logits that ONNX Runtime gives `models/large.onnx`, for windows of whole numbers.

Usage: make_large.py   (in this folder; needs numpy and onnxruntime)

A line holds the ten logits of a window. `core/tests/large.rs` makes the same windows.
"""

import numpy as np
import onnxruntime

BANDS, COLUMNS, WINDOWS = 128, 128, 2


def window(number):
    """Return a window: partials that fade from beat to beat, above a floor that falls towards the highest bands."""
    band, column = np.meshgrid(np.arange(BANDS), np.arange(COLUMNS), indexing="ij")
    beat = 9 + 4 * number
    fade = column % beat * (3 + band // 32)
    partial = np.where((band + column // beat * 5) % (11 + number) < 2, 0, 60 + band // 3)
    return np.maximum(255 - fade - partial, 0).astype(np.uint8)


def main():
    session = onnxruntime.InferenceSession("../../../models/large.onnx")
    with open("large.txt", "w") as file:
        for number in range(WINDOWS):
            (logits,) = session.run(["float_logits"], {"window": window(number)[None, None]})
            file.write(" ".join(f"{value:.5f}" for value in logits[0]) + "\n")


if __name__ == "__main__":
    main()
