#!/usr/bin/env python3
"""Teach a linear classifier the genres from a teacher's values, and write its logits beside them.

Usage: probe.py TEACHER.safetensors DATA/manifest.csv OUT.safetensors [--tensor penultimate] [--teacher "NAME (LICENCE)"]
                [--hop-seconds S] [--window-seconds S]

TEACHER holds the values of windows of every track, `[row, window, value]`. The logits of a train track come from a
classifier that has not seen it (five folds of the train tracks), those of the other tracks from one of all train tracks;
the strength of its regularisation is the one of least cross entropy in these folds. OUT holds the tensor and `logits`
`[row, window, genre]`, for `[distillation] targets` of a recipe. It states the times of the windows if they are given, for
recipes whose own windows have others. Needs numpy, safetensors and scikit-learn.
"""

import argparse
import csv

import numpy as np
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2)


def classifier(values, labels, strength):
    """Return the function from tracks' windows to logits that a linear classifier of all windows gives."""
    tracks, windows, width = values.shape
    flat = values.reshape(-1, width)
    scaler = StandardScaler().fit(flat)
    model = LogisticRegression(C=strength, max_iter=400)
    model.fit(scaler.transform(flat), np.repeat(labels, windows))

    def answer(values):
        logits = model.decision_function(scaler.transform(values.reshape(-1, width)))
        return logits.reshape(len(values), windows, -1).astype(np.float32)

    return answer


def score(logits, labels):
    """Return the share of tracks that the mean of their logits names, and its cross entropy in nats."""
    mean = logits.mean(1)
    mean = mean - mean.max(1, keepdims=True)
    log = mean - np.log(np.exp(mean).sum(1, keepdims=True))
    return (mean.argmax(1) == labels).mean(), -log[np.arange(len(labels)), labels].mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("manifest")
    parser.add_argument("out")
    parser.add_argument("--tensor", default="penultimate")
    parser.add_argument("--teacher", default="a teacher")
    parser.add_argument("--hop-seconds", type=float, help="from the start of one window to that of the next")
    parser.add_argument("--window-seconds", type=float, help="length of a window")
    options = parser.parse_args()

    with open(options.manifest, newline="") as file:
        rows = list(csv.DictReader(file))
    genres = sorted({row["genre"] for row in rows if row["genre"]})
    known = np.array([row["genre"] != "" for row in rows])
    labels = np.array([genres.index(row["genre"]) if row["genre"] else -1 for row in rows])
    split = np.array([row["split"] for row in rows])
    train, valid = (np.flatnonzero((split == name) & known) for name in ("train", "valid"))
    values = load_file(options.source)[options.tensor].astype(np.float32)
    if values.ndim != 3 or len(values) != len(rows):
        raise SystemExit(f"{options.tensor} has shape {values.shape}, the manifest {len(rows)} rows")

    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(train, labels[train]))
    best = None
    for strength in STRENGTHS:
        logits = np.zeros((*values.shape[:2], len(genres)), np.float32)
        for taught, left in folds:
            answer = classifier(values[train[taught]], labels[train[taught]], strength)
            logits[train[left]] = answer(values[train[left]])
        accuracy, loss = score(logits[train], labels[train])
        print(f"C {strength}: {accuracy:.1%} of the train tracks by cross-validation, loss {loss:.3f}", flush=True)
        if best is None or loss < best[0]:
            best = loss, strength, logits
    _, strength, logits = best
    answer = classifier(values[train], labels[train], strength)
    others = np.setdiff1d(np.arange(len(rows)), train)
    logits[others] = answer(values[others])
    accuracy, loss = score(logits[valid], labels[valid])
    print(f"C {strength}: {accuracy:.1%} of the valid tracks, loss {loss:.3f}")
    metadata = {"teacher": options.teacher}
    for key in ("hop_seconds", "window_seconds"):
        if getattr(options, key) is not None:
            metadata[key] = repr(getattr(options, key))
    save_file({options.tensor: values, "logits": logits}, options.out, metadata=metadata)


if __name__ == "__main__":
    main()
