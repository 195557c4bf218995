#!/usr/bin/env python3
"""Write large.txt: what ONNX Runtime says with `models/large.onnx`, of windows of whole numbers.

Usage: make_large.py   (in this folder; needs numpy and onnxruntime)

Of each window there are three lines: the ten logits, the rejection, and the embedding. `core/tests/large.rs` makes the same windows.
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
            said = session.run(["logits", "not_music", "embedding"], {"window": window(number)[None, None]})
            file.writelines(" ".join(str(value) for value in values[0]) + "\n" for values in said)


if __name__ == "__main__":
    main()
