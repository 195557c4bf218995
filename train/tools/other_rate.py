#!/usr/bin/env python3
"""Turn a cache of mel columns into one for signals of a lower sample rate: other_rate.py DATA OUT --rate 16000 --n-fft 1024 --hop 768 --sharpen-columns 0.25

DATA and OUT are folders with logmel.safetensors and manifest.csv. Use this where the recordings themselves are not at hand; `timbrel
prepare --front-end mel_db_1024_768_128_at_16000` computes the same columns from audio, and training.md says how far the two differ.

In decibels, each band is interpolated between the two bands of DATA whose centres lie nearest to its own, each column between the two
nearest in time. Two things are corrected. Bands of equal area give the same power whatever the rate and the length of the frames, except
where a triangle holds few bins of the FFT, so each band's actual area is taken into account. And a frame of another length blurs
differently. A longer one tells tones apart better: each band is moved away from the mean of its neighbours by --sharpen-bands times the
difference. A shorter one follows the music better: each column is moved away from the mean of those half a frame before and after it by
--sharpen-columns times the difference. With 0.25 for one of them, columns of 24 recordings were about as rough as those computed from
their audio, and on average as far below the loudest one. Needs numpy and safetensors.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

STEPS_PER_DB = 255 / 80


def mel(hz):
    """Return Slaney's mel of a frequency in Hz: linear below 1 kHz, logarithmic above."""
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 / np.log(6.4) * np.log(np.maximum(hz, 1) / 1000))


def hertz(mels):
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mels - 15)))


def areas(rate, n_fft, bands):
    """Return the area of each band's triangle in decibels, as the FFT's bins sample it; 0 if they were infinitely fine."""
    edges = hertz(np.linspace(0, mel(rate / 2), bands + 2))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.arange(n_fft // 2 + 1) * rate / n_fft
    heights = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return 10 * np.log10((heights * 2 / (high - low)).sum(1) * rate / n_fft)


class Between:
    """Linear interpolation between whole places of an axis; beyond its ends the outermost values are repeated."""

    def __init__(self, places, length):
        places = np.clip(places, 0, length - 1)
        self.before = np.minimum(places.astype(int), length - 2)
        self.weight = places - self.before

    def rows(self, x):
        return x[self.before] + self.weight[:, None] * (x[self.before + 1] - x[self.before])


def sharpened(x, distance, amount):
    """Move each row away from the mean of the two at a distance from it."""
    padded = np.pad(x, ((distance, distance), (0, 0)), mode="edge")
    return x + amount * (x - (padded[: -2 * distance] + padded[2 * distance :]) / 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=int, default=16000, help="sample rate, Hz")
    parser.add_argument("--n-fft", type=int, default=1024)
    parser.add_argument("--hop", type=int, default=768, help="samples from column to column")
    parser.add_argument("--bands", type=int, default=128)
    parser.add_argument("--sharpen-bands", type=float, default=0.0, help="0.25 suits frames of more seconds than those of DATA")
    parser.add_argument("--sharpen-columns", type=float, default=0.0, help="0.25 suits frames of fewer seconds")
    options = parser.parse_args()

    source = options.data / "logmel.safetensors"
    tensors = load_file(source)
    logmel, label = tensors["logmel"], tensors["label"]
    with safe_open(source, "np") as file:
        metadata = file.metadata()
    rate, n_fft, hop = int(metadata.get("sample_rate", 22050)), int(metadata["n_fft"]), float(metadata["hop"])
    _, mels, columns = logmel.shape
    if options.rate > rate:
        raise SystemExit(f"DATA has no frequencies above {rate / 2} Hz")

    step = mel(np.float64(options.rate / 2)) / (options.bands + 1)
    bands = Between((np.arange(options.bands) + 1) * step * (mels + 1) / mel(np.float64(rate / 2)) - 1, mels)
    seconds = (columns - 1) * hop / rate
    count = int(seconds * options.rate / options.hop) + 1
    times = Between(np.arange(count) * options.hop / options.rate * rate / hop, columns)
    before, after = areas(rate, n_fft, mels), areas(options.rate, options.n_fft, options.bands)
    half = max(1, round(n_fft / 2 / hop))

    converted = np.empty((len(logmel), options.bands, count), np.uint8)
    for row, values in enumerate(logmel):
        db = values / STEPS_PER_DB - before[:, None]
        sharp = sharpened(sharpened(db, 1, options.sharpen_bands).T, half, options.sharpen_columns).T
        db = times.rows(bands.rows(sharp).T).T + after[:, None]
        converted[row] = np.clip(np.round((db - db.max() + 80) * STEPS_PER_DB), 0, 255)

    name = f"mel_db_{options.n_fft}_{options.hop}_{options.bands}_at_{options.rate}"
    about = f"{name}, interpolated from columns of n_fft {n_fft} and hop {hop:g} at {rate} Hz"
    metadata |= {"sample_rate": str(options.rate), "n_fft": str(options.n_fft), "hop": str(options.hop), "n_mels": str(options.bands)}
    if "provenance" in metadata:
        metadata["provenance"] = json.dumps(json.loads(metadata["provenance"]) | {"front_end": about})
    metadata["front_end"] = about
    options.out.mkdir(parents=True, exist_ok=True)
    save_file({"logmel": converted, "label": label}, options.out / "logmel.safetensors", metadata=metadata)
    shutil.copyfile(options.data / "manifest.csv", options.out / "manifest.csv")
    print(f"{len(converted)} rows [{options.bands}, {count}] in {options.out}")


if __name__ == "__main__":
    main()
