"""Recorded voices and effects from the packages that packages.sh fetched."""

import functools
import subprocess
from pathlib import Path

import numpy as np

from blocks import N, RATE, SECONDS, noisy, room, telephone

# set by make.py before any generator runs
packages = Path()


@functools.cache
def decode(data, *form):
    """The samples of a sound file, mono at 22,050 Hz."""
    command = ["ffmpeg", "-loglevel", "error", *form, "-i", "pipe:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"]
    out = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(out, "<i2") / 32768


def cut(rng, x, n=N):
    """`n` samples of `x` from somewhere on, repeated if it is shorter."""
    x = np.tile(x, -(-(n + RATE) // max(len(x), 1)))
    at = rng.integers(0, len(x) - n)
    return x[at : at + n]


def place(rng, x):
    """A voice as it is met: near, in a room, on the telephone, with noise."""
    if rng.random() < 0.5:
        x = room(rng, x)
    if rng.random() < 0.25:
        x = telephone(rng, x)
    return noisy(rng, x, 8, 60)


def people(language):
    """Recorded people: the prompts of a telephone exchange."""

    def make(rng):
        folder = packages / f"asterisk-core-sounds-{language}-g722/usr/share/asterisk/sounds"
        files = sorted(file for file in folder.rglob("*.g722") if file.stat().st_size > 8000 and "silence" not in str(file))
        # 8,000 bytes a second, and files that are put together are one stream
        stream = b""
        while len(stream) < 8000 * (SECONDS + 2):
            stream += files[rng.integers(len(files))].read_bytes()
        return place(rng, cut(rng, decode(stream, "-f", "g722")))

    return make


def recorded(package, pattern, pause=(0.0, 0.5), without=()):
    """The effects of a package, one after another."""

    def make(rng):
        files = sorted(file for file in (packages / package).rglob(pattern) if not any(word in file.name for word in without))
        parts = []
        while sum(map(len, parts)) < N + RATE:
            parts += [decode(files[rng.integers(len(files))].read_bytes()), np.zeros(int(rng.uniform(*pause) * RATE))]
        return noisy(rng, cut(rng, np.concatenate(parts)), 15, 60)

    return make
