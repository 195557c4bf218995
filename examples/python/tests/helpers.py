"""What several tests use."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import timbrel

FIXTURES = Path(os.environ.get("TIMBREL_FIXTURES") or Path(__file__).parents[3] / "core/tests/fixtures")


def tune(rate: int, channels: int, seconds: float) -> np.ndarray:
    """Make plucked notes, as 16-bit integers of shape (frames, channels)."""
    t = np.arange(int(rate * seconds)) / rate
    hz = 110 * 2 ** ((np.floor(t * 4) * 7 % 12) / 12)
    tone = np.sin(2 * np.pi * hz * t) * np.exp(-6 * (t * 4 % 1))
    return np.stack([20000 * tone * (1 - 0.3 * c) for c in range(channels)], axis=1).astype(np.int16)


def rust(*files: Path) -> list[dict]:
    """Return the output of the Rust program for files."""
    program = os.environ.get("TIMBREL_CLASSIFY")
    if not program:
        pytest.skip("TIMBREL_CLASSIFY does not name the program that examples/classify builds")
    done = subprocess.run([program, "--json", *map(str, files)], capture_output=True, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(prediction: timbrel.Prediction, wanted: dict) -> None:
    """Check equality to the last printed digit."""
    assert prediction.genre == wanted["genre"]
    assert prediction.state == wanted["state"]
    assert prediction.windows == wanted["windows"]
    assert f"{prediction.confidence:.6f}" == f"{wanted['confidence']:.6f}"
    printed = {label: f"{p:.6f}" for label, p in prediction.probabilities.items()}
    assert printed == {label: f"{p:.6f}" for label, p in wanted["probabilities"].items()}
    assert list(printed) == list(wanted["probabilities"])
