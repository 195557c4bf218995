#!/usr/bin/env python3
"""Synthesises a signal at several rates and writes the log-mel of the signals resampled by soxr to resampled.safetensors.

    pip install -r requirements.txt
    python make_resampled.py [RECORDING...]

Keys are `RATE.samples` (i16, mono, at RATE Hz) and `RATE.mel_db_2048_512_128` (f32, [bin, frame]): librosa's log-mel,
relative to its maximum, of the signal resampled to 22,050 Hz with soxr's highest quality.

Recordings are written beside it as `recordings.safetensors`, which is too large to keep: point TIMBREL_RESAMPLED
at it to compare them too.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
import soundfile
import soxr
from safetensors.numpy import save_file

TARGET = 22_050
RATES = [8_000, 16_000, 32_000, 44_100, 48_000, 96_000]
HERE = Path(__file__).parent


def pcm(signal):
    return np.clip(np.round(signal * 32_768), -32_768, 32_767).astype(np.int16)


def music(rate):
    """A chord of saw teeth with vibrato, up to 0.9 of the Nyquist frequency, over noise that falls by 6 dB an octave."""
    t = np.arange(int(0.3 * rate)) / rate
    random = np.random.default_rng(2)
    signal = np.zeros_like(t)
    for pitch in (110.0, 277.2, 329.6):
        phase = pitch * t + 0.4 * np.sin(2 * np.pi * 6 * t)
        for overtone in range(1, int(0.45 * rate / (pitch + 15))):
            signal += 0.1 / overtone * np.sin(2 * np.pi * overtone * phase)
    spectrum = np.fft.rfft(random.standard_normal(t.size))
    spectrum /= np.maximum(np.fft.rfftfreq(t.size, 1 / rate), 50.0)
    noise = np.fft.irfft(spectrum, t.size)
    mix = 0.8 * signal / np.abs(signal).max() + 0.01 * noise / np.abs(noise).max()
    # a click at either end would only show how much of the filters' transition bands it excites
    return mix * np.clip(np.minimum(t, t[::-1]) / 0.01, 0, 1)


def log_mel(samples, rate):
    y = soxr.resample(samples.astype(np.float64) / 32_768, rate, TARGET, quality="VHQ").astype(np.float32)
    mel = librosa.feature.melspectrogram(y=y, sr=TARGET, n_fft=2048, hop_length=512, n_mels=128)
    return np.ascontiguousarray(librosa.power_to_db(mel, ref=np.max), dtype=np.float32)


def write(name, signals):
    tensors = {}
    for key, (samples, rate) in signals.items():
        tensors[f"{key}.samples"] = samples
        tensors[f"{key}.mel_db_2048_512_128"] = log_mel(samples, rate)
    save_file(tensors, HERE / name, metadata={"soxr": soxr.__version__})
    print(f"{name}: {(HERE / name).stat().st_size} bytes")


def main():
    write("resampled.safetensors", {f"{rate}": (pcm(music(rate)), rate) for rate in RATES})
    recordings = {}
    for path in map(Path, sys.argv[1:]):
        samples, rate = soundfile.read(path, always_2d=True)
        recordings[f"{rate} {path.stem}"] = (pcm(samples.mean(axis=1)), rate)
    if recordings:
        write("recordings.safetensors", recordings)


if __name__ == "__main__":
    main()
