#!/usr/bin/env python3
"""Join the answers of networks to those of a teacher's probe: answers.py TEACHER DATA/manifest.csv OUT LOGITS... [--share 0.5] [--track 0.5]

TEACHER is what probe.py wrote. LOGITS are files of `timbrel evaluate --split valid --logits`, one for each fold that folds.py made, by a
network that was trained on the other folds; together they hold every train track, and their windows begin when the teacher's do. The
answers of OUT are the probe's logits plus --share times the networks', and --track of that is the mean over the windows of the track, because
a genre seldom changes within one. Prints how good the answers are on the train tracks, none of which any of these classifiers has
learnt from. Needs numpy and safetensors.
"""

import argparse
import csv

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file


def cross_entropy(logits, labels):
    logits = logits - logits.max(-1, keepdims=True)
    log = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -log[np.arange(len(labels)), labels].mean()


def report(name, logits, labels):
    windows, repeated = logits.reshape(-1, logits.shape[-1]), np.repeat(labels, logits.shape[1])
    tracks = logits.mean(1)
    right = [(values.argmax(1) == truth).mean() for values, truth in ((tracks, labels), (windows, repeated))]
    loss = [cross_entropy(values, truth) for values, truth in ((tracks, labels), (windows, repeated))]
    print(f"{name}: tracks {right[0]:.1%}, loss {loss[0]:.3f}; windows {right[1]:.1%}, loss {loss[1]:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("teacher")
    parser.add_argument("manifest")
    parser.add_argument("out")
    parser.add_argument("logits", nargs="+")
    parser.add_argument("--share", type=float, default=0.5, help="of the networks' logits")
    parser.add_argument("--track", type=float, default=0.5, help="share of the mean over a track's windows")
    options = parser.parse_args()

    with open(options.manifest, newline="") as file:
        rows = list(csv.DictReader(file))
    genres = sorted({row["genre"] for row in rows if row["genre"]})
    train = [index for index, row in enumerate(rows) if row["split"] == "train" and row["genre"]]
    labels = np.array([genres.index(rows[index]["genre"]) for index in train])
    tensors = load_file(options.teacher)
    with safe_open(options.teacher, "np") as file:
        metadata = file.metadata()
    answers = tensors["logits"].astype(np.float32)

    networks = np.zeros_like(answers)
    seen = set()
    for name in options.logits:
        found = load_file(name)
        with safe_open(name, "np") as file:
            scale = 2.0 ** -int(file.metadata()["logits_exponent"])
        for row in np.unique(found["track"]):
            windows = found["logits"][found["track"] == row]
            if row in seen or windows.shape != networks[row].shape:
                raise SystemExit(f"{name}: row {row} is there twice, or has {len(windows)} windows for the teacher's {networks.shape[1]}")
            networks[row] = windows * scale
            seen.add(row)
    if missing := set(train) - seen:
        raise SystemExit(f"no network has answered for {len(missing)} train tracks")

    joined = answers + options.share * networks
    joined = (1 - options.track) * joined + options.track * joined.mean(1, keepdims=True)
    for name, logits in (("probe", answers), ("networks", networks), ("joined", joined)):
        report(name, logits[train], labels)
    # rows that nothing is taught from keep the probe's answers
    answers[train] = joined[train]
    save_file(tensors | {"logits": answers}, options.out, metadata=metadata)


if __name__ == "__main__":
    main()
