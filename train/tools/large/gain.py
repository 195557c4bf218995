#!/usr/bin/env python3
"""Print the level of a window's loudest cell in the scale of MSD_musicnn's spectrogram.

Usage: gain.py AUDIO.flac...   (22,050 Hz; windows of 128 columns of 512 samples)

For each window, that gain in decibels with which the converted columns have the mean of the spectrogram that the teacher's
own front end makes of the same samples. Needs numpy, librosa and soundfile.
"""

import sys

import librosa
import numpy as np
import soundfile

import columns

WIDTH = 128
GAINS = np.arange(-10.0, 50.0, 0.5)


def converted(decibels, gain):
    """Return the teacher's spectrogram made of a window's columns."""
    levels = columns.bands() @ decibels @ columns.times(decibels.shape[1])
    return np.log10(1.0 + 1e4 * 10.0 ** ((levels + gain) / 10.0))


def windows(samples):
    """Yield the columns of each window, and the teacher's own spectrogram of it."""
    power = librosa.feature.melspectrogram(y=samples, sr=columns.RATE, n_fft=2048, hop_length=columns.HOP, n_mels=columns.BANDS)
    low = librosa.resample(samples, orig_sr=columns.RATE, target_sr=columns.TEACHER_RATE)
    own = librosa.feature.melspectrogram(
        y=low, sr=columns.TEACHER_RATE, n_fft=512, hop_length=columns.TEACHER_HOP, n_mels=columns.TEACHER_BANDS
    )
    seconds = columns.HOP / columns.RATE
    for start in range(0, power.shape[1] - WIDTH + 1, WIDTH):
        decibels = librosa.power_to_db(power[:, start : start + WIDTH], ref=np.max, top_db=80.0)
        frame = round(start * seconds * columns.TEACHER_RATE / columns.TEACHER_HOP)
        yield decibels, np.log10(1.0 + 1e4 * own[:, frame : frame + columns.times(WIDTH).shape[1]])


def main():
    found = []
    for path in sys.argv[1:]:
        samples, rate = soundfile.read(path, dtype="float32")
        if rate != columns.RATE:
            raise SystemExit(f"{path} has {rate} Hz, not {columns.RATE}")
        for decibels, own in windows(samples):
            means = [abs(converted(decibels, gain).mean() - own.mean()) for gain in GAINS]
            found.append(GAINS[int(np.argmin(means))])
    low, middle, high = np.percentile(found, [10, 50, 90])
    print(f"{len(found)} windows: median {middle} dB, 80 % between {low} and {high} dB")


if __name__ == "__main__":
    main()
