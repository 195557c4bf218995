#!/usr/bin/env python3
"""Makes the bit streams of a delta-sigma modulator, decimates them with SciPy in f64 and writes both to pdm.safetensors.

    pip install -r requirements.txt
    python make_pdm.py

Keys are `CLOCK.RATE.bits` (u8, eight bits each, the first one most significant) and `CLOCK.RATE.samples` (f32, at RATE Hz,
full scale 1.0): the stream under a long linear-phase filter, at the places where the library's outputs lie, and a DC blocker.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy import signal

CASES = [(1_024_000, 16_000), (2_116_800, 22_050), (3_072_000, 16_000)]
HERE = Path(__file__).parent
SAMPLES = 7_000


def tones(clock, rate):
    """Four tones up to 0.43 of the rate, at an amplitude of 0.5 together, and a constant."""
    t = np.arange(SAMPLES * (clock // rate)) / clock
    parts = [(0.2, 0.013), (0.15, 0.11), (0.1, 0.31), (0.05, 0.43)]
    return 0.002 + sum(a * np.sin(2 * np.pi * f * rate * t + 7 * a) for a, f in parts)


def modulate(x):
    """A modulator of order 4 as microphones have it: integrators in a chain, with feed-forward to the quantiser."""
    # noise transfer function: zeros at DC, poles of a maximally flat high-pass with an out-of-band gain of 1.5
    zeros = np.poly([1.0] * 4)
    poles = np.poly(signal.butter(4, 0.092, "high", output="zpk")[1])
    bits = np.empty(len(x), np.int8)
    errors = np.zeros(4)
    # v = x + e * (NTF - 1): the filtered errors of the past are added to the input
    taps = zeros[1:] - poles[1:]
    filtered = np.zeros(4)
    for i, value in enumerate(x):
        # y = x + H e, with (1 + poles) H = taps
        h = taps @ errors - poles[1:] @ filtered
        y = value + h
        bits[i] = 1 if y >= 0 else -1
        errors[1:], filtered[1:] = errors[:-1].copy(), filtered[:-1].copy()
        errors[0], filtered[0] = bits[i] - y, h
    return bits


def decimate(bits, clock, rate):
    ratio = clock // rate
    half = 60 * ratio
    taps = signal.firwin(2 * half + 1, rate / 2, fs=clock, window=("kaiser", 10.0))
    smooth = signal.fftconvolve(bits.astype(np.float64), taps)[half : half + len(bits)]
    # the group delay of the library's filters, in bits: half the length of each
    factor = ratio // 32
    delay = (32 * factor - 4) // 2 + 11 * 8 * factor + 49 * 16 * factor
    places = np.arange(ratio - 1, len(bits), ratio) - delay
    samples = np.where(places >= 0, smooth[np.maximum(places, 0)], 0.0)
    return signal.lfilter([1, -1], [1, -(1 - 2.0**-10)], samples)


def main():
    arrays = {}
    for clock, rate in CASES:
        bits = modulate(tones(clock, rate))
        arrays[f"{clock}.{rate}.bits"] = np.packbits(bits > 0)
        arrays[f"{clock}.{rate}.samples"] = decimate(bits, clock, rate).astype(np.float32)
    save_file(arrays, HERE / "pdm.safetensors")


if __name__ == "__main__":
    main()
