#!/usr/bin/env python3
"""Write 60 plucked melodies of sine tones into FOLDER/plucked: music that a rejection has to keep.

    plucked.py FOLDER
    timbrel prepare FOLDER --out plucked-tunes --seconds 11 --front-end mel_db_2048_512_128
"""

import sys
import wave
from pathlib import Path

import numpy as np

RATE = 22050
SECONDS = 12


def melody(number: int, numbers: np.random.Generator) -> np.ndarray:
    """Return samples of a melody: alone, with an overtone, or over a bass, in turn."""
    t = np.arange(RATE * SECONDS) / RATE
    base = 110 * 2 ** numbers.uniform(-0.5, 2)
    per_second = numbers.choice([2, 3, 4, 5, 6])
    step = numbers.choice([3, 4, 5, 7])
    hz = base * 2 ** ((np.floor(t * per_second) * step % 12) / 12)
    envelope = np.exp(-numbers.uniform(2, 8) * (t * per_second % 1))
    sound = np.sin(2 * np.pi * hz * t) * envelope
    if number % 3 == 1:
        sound += 0.4 * np.sin(4 * np.pi * hz * t) * envelope
    if number % 3 == 2:
        sound += 0.5 * np.sin(np.pi * base * 2 ** ((np.floor(t / 2) * 5 % 12) / 12) * t)
    return 0.5 * sound / np.abs(sound).max()


def main() -> None:
    folder = Path(sys.argv[1]) / "plucked"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(1)
    for number in range(60):
        with wave.open(str(folder / f"{number:02}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((32767 * melody(number, numbers)).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
