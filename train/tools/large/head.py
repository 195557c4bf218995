#!/usr/bin/env python3
"""Teach the head of the large model and print how often it is right.

Usage: head.py VALUES.safetensors MANIFEST.csv OUT.safetensors [--strength C] [--table]

VALUES comes from `values.py`. The head is a logistic regression on the teacher's 200 values, taught by the train tracks'
windows, whose logits are added to those of the compact model. That one has learnt these tracks by heart, so the share in which
it is added cannot be learnt from them. With `--table` several strengths and shares are printed. OUT holds the head's integers:
`weights` i8 [genre, value] and `biases` i32 [genre], times two to the minus `exponent` of its metadata. Needs numpy,
safetensors and scikit-learn.
"""

import argparse
import csv

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)
# of a value, in its steps: one that hardly ever changes would have a weight that has no place in 8 bits
LEAST_DEVIATION = 20.0
SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)
# of the answers that are sure; the 80 % of `calibrate` are hardly more than this model has of all tracks, and would let it be sure of
# two thirds of the music that has none of the ten genres
RIGHT = 0.85


class Windows:
    """Windows of tracks: the teacher's values, the compact model's logits, the row of each."""

    def __init__(self, rows, teacher, compact):
        self.rows, self.teacher, self.compact = rows, teacher, compact

    @classmethod
    def read(cls, values, rows):
        """Return all windows of some of a file's rows."""
        count = values["teacher"].shape[1]
        join = lambda name: np.concatenate(values[name][rows])
        return cls(np.repeat(rows, count), join("teacher").astype(np.float64), join("compact").astype(np.float64))

    def of(self, rows):
        """Return the windows of some of the rows."""
        kept = np.isin(self.rows, rows)
        return Windows(self.rows[kept], self.teacher[kept], self.compact[kept])

    def mean(self, logits, rows):
        """Return the mean logits of each row."""
        return np.stack([logits[self.rows == row].mean(0) for row in rows])


class Head:
    """A linear map from the teacher's values to logits."""

    def __init__(self, windows, labels, strength):
        self.mean, self.deviation = windows.teacher.mean(0), np.maximum(windows.teacher.std(0), LEAST_DEVIATION)
        counts = np.bincount(windows.rows, minlength=len(labels))
        model = LogisticRegression(C=strength, max_iter=200)
        weight = len(windows.rows) / len(np.unique(windows.rows)) / counts[windows.rows]
        scaled = (windows.teacher - self.mean) / self.deviation
        model.fit(scaled, labels[windows.rows], sample_weight=weight)
        self.weights = model.coef_.T / self.deviation[:, None]
        self.bias = model.intercept_ - self.mean @ self.weights

    def exponent(self, most):
        """Return the largest exponent, `most` or less, with which its weights have places in 8 bits."""
        return min(most, int(np.floor(np.log2(127.0 / np.abs(self.weights).max()))))

    def rounded(self, exponent):
        """Return its weights and biases as integers, times two to the minus `exponent`; they replace its own."""
        step = 2.0**-exponent
        weights, biases = np.rint(self.weights / step), np.rint(self.bias / step)
        self.weights, self.bias = weights * step, biases * step
        return np.ascontiguousarray(weights.T, np.int8), biases.astype(np.int32)

    def __call__(self, windows):
        return windows.teacher @ self.weights + self.bias


def log_probabilities(logits):
    """Return the logarithms of the softmax."""
    logits = logits - logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def score(logits, labels):
    """Return the share of right answers, the cross entropy in nats, and the least one of the logits times a factor."""
    entropy = lambda factor: -log_probabilities(logits * factor)[np.arange(len(labels)), labels].mean()
    factors = np.geomspace(0.3, 3.0, 47)
    best = factors[int(np.argmin([entropy(factor) for factor in factors]))]
    return (logits.argmax(1) == labels).mean(), entropy(1.0), entropy(best), best


def threshold(logits, labels):
    """Return the least probability from which on the share `RIGHT` of the answers and a standard error more are right."""
    probabilities = np.exp(log_probabilities(logits))
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    order = np.argsort(-confidence)
    counts = np.arange(1, len(order) + 1)
    enough = np.cumsum(right[order]) >= RIGHT * counts + np.sqrt(RIGHT * (1.0 - RIGHT) * counts)
    return float(confidence[order][np.flatnonzero(enough)[-1]]) if enough.any() else 1.0


def crossed(windows, rows, labels, strength):
    """Return the logits of windows by heads that have not seen their tracks."""
    logits = np.zeros((len(windows.rows), labels.max() + 1))
    for seen, left in StratifiedKFold(5, shuffle=True, random_state=0).split(rows, labels[rows]):
        head = Head(windows.of(rows[seen]), labels, strength)
        kept = np.isin(windows.rows, rows[left])
        logits[kept] = head(windows)[kept]
    return logits


def report(windows, logits, rows, labels, name):
    """Print the figures of tracks and of windows."""
    tracks = score(windows.mean(logits, rows), labels[rows])
    single = score(logits, labels[windows.rows])
    print(
        f"{name}: tracks {tracks[0]:.1%}, loss {tracks[1]:.3f}, {tracks[2]:.3f} with logits times {tracks[3]:.2f}; "
        f"windows {single[0]:.1%}, loss {single[1]:.3f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("values", "manifest", "out"):
        parser.add_argument(name)
    parser.add_argument("--strength", type=float, default=0.03)
    parser.add_argument("--table", action="store_true", help="print several strengths and shares")
    options = parser.parse_args()

    with open(options.manifest, newline="") as file:
        manifest = list(csv.DictReader(file))
    genres = sorted({row["genre"] for row in manifest if row["genre"]})
    labels = np.array([genres.index(row["genre"]) if row["genre"] else 0 for row in manifest])
    splits = np.array([row["split"] for row in manifest])
    train, valid = (np.flatnonzero(splits == name) for name in ("train", "valid"))
    with safe_open(options.values, "np") as file:
        exponent = int(file.metadata()["exponent"])
    values = load_file(options.values)
    taught, unseen = Windows.read(values, train), Windows.read(values, valid)
    print(f"{len(train)} train tracks, {len(taught.rows)} windows; {len(valid)} valid tracks, {len(unseen.rows)} windows")
    report(unseen, unseen.compact, valid, labels, "compact alone, valid")
    for strength in STRENGTHS if options.table else ():
        logits = crossed(taught, train, labels, strength)
        report(taught, logits, train, labels, f"C {strength}, folds of train")
        head = Head(taught, labels, strength)
        for share in SHARES:
            report(unseen, head(unseen) + share * unseen.compact, valid, labels, f"C {strength}, share {share}, valid")

    head = Head(taught, labels, options.strength)
    report(unseen, head(unseen) + unseen.compact, valid, labels, f"C {options.strength}, valid")
    exponent = head.exponent(exponent)
    weights, biases = head.rounded(exponent)
    report(unseen, head(unseen) + unseen.compact, valid, labels, f"the same with weights of 8 bits, exponent {exponent}")
    logits = unseen.mean(head(unseen) + unseen.compact, valid)
    scale = score(logits, labels[valid])[3]
    unsure_below = threshold(logits * scale, labels[valid])
    sure = np.exp(log_probabilities(logits * scale)).max(1) >= unsure_below
    right = logits.argmax(1) == labels[valid]
    print(f"logits times {scale:.3f}, unsure below {unsure_below:.1%}: sure of {sure.mean():.1%}, {right[sure].mean():.1%} right")
    save_file(
        {"weights": weights, "biases": biases},
        options.out,
        metadata={
            "strength": repr(options.strength),
            "exponent": str(exponent),
            "scale": str(np.float32(scale)),
            "unsure_below": str(np.float32(unsure_below)),
        },
    )


if __name__ == "__main__":
    main()
