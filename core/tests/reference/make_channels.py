#!/usr/bin/env python3
"""Writes the log-mel of a synthesised signal of several channels, at usual and odd rates, to channels.safetensors.

    pip install -r requirements.txt
    python make_channels.py

Keys are `RATE CHANNELS` (f32, [column, band]): librosa's log-mel (n_fft 512, hop 256, 16 bands, dB relative to a power
of 1) of the mean of the channels, resampled to 22,050 Hz with soxr's highest quality. The test synthesises the same
channels from the formula in `channel`.
"""

from pathlib import Path

import librosa
import numpy as np
import soxr
from safetensors.numpy import save_file

TARGET = 22_050
RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
RATES += [4_000, 11_999, 12_000, 22_051, 37_800, 64_000, 88_200, 96_001, 176_400, 192_000, 264_600, 767_999, 768_000]
SECONDS = 0.4


def channel(index, channels, rate):
    """Short pulses, none of them in two channels at once: a frame holds one or two, so that its level depends on where
    they lie to a fraction of a sample. They reach up to 3.4 kHz, below what rates from 8 kHz on cut off; lower rates have
    slower ones."""
    speed = min(1.0, rate / 8_000)
    t = np.arange(int(SECONDS * rate)) / rate
    signal = np.zeros_like(t)
    for pulse in range(index, 17, channels):
        after = speed * (t - (0.004 + 0.0237 * pulse))
        frequency = 500.0 + 137.0 * pulse % 1300.0
        level = 0.9 - 0.03 * pulse
        signal += level * np.exp(-0.5 * (after / 3e-4) ** 2) * np.cos(2 * np.pi * frequency * after + pulse)
    return signal


def log_mel(rate, channels):
    signal = np.stack([channel(index, channels, rate) for index in range(channels)])
    mono = signal.astype(np.float32).astype(np.float64).mean(axis=0)
    y = soxr.resample(mono, rate, TARGET, quality="VHQ") if rate != TARGET else mono
    mel = librosa.feature.melspectrogram(y=y, sr=TARGET, n_fft=512, hop_length=256, n_mels=16)
    return np.ascontiguousarray(librosa.power_to_db(mel, ref=1.0, top_db=None).T, dtype=np.float32)


def main():
    path = Path(__file__).parent / "channels.safetensors"
    tensors = {f"{rate} {channels}": log_mel(rate, channels) for rate in RATES for channels in (2, 6)}
    save_file(tensors, path, metadata={"soxr": soxr.__version__, "librosa": librosa.__version__})
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
