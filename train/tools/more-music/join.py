#!/usr/bin/env python3
"""Add music without labels to a training cache, for recipes that learn it from a teacher.

Usage: join.py OUT CACHE MUSIC... [--tensor penultimate] [--about TEXT]

CACHE and each MUSIC are folders with logmel.safetensors, manifest.csv and values.safetensors, which holds a teacher's values
of the windows of every row, `[row, window, value]`. OUT gets the same three files with the rows of all of them. Those of
CACHE keep their labels and splits; the others lose their genres and belong to the train split. TEXT says what that music is and on
which terms it may be used, for models that learn from it. Needs numpy and safetensors.
"""

import argparse
import csv
import json
import pathlib

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

UNLABELLED = 255  # a row of this label has an empty genre in the manifest


def read(folder, tensor):
    """Return a cache's metadata, spectrograms, labels, manifest and the teacher's values of its rows."""
    with safe_open(folder / "logmel.safetensors", "np") as file:
        metadata, logmel, label = file.metadata(), file.get_tensor("logmel"), file.get_tensor("label")
    with open(folder / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    values = load_file(folder / "values.safetensors")[tensor].astype(np.float32)
    if not len(logmel) == len(rows) == len(values):
        raise SystemExit(f"{folder} has {len(logmel)} spectrograms, {len(rows)} manifest rows and values of {len(values)}")
    return metadata, logmel, label, rows, values


def with_origin(metadata, about):
    """Return a cache's metadata with what the music without labels is."""
    if "provenance" in metadata:
        origin = json.loads(metadata["provenance"])
        return metadata | {"provenance": json.dumps(origin | {"unlabelled": about})}
    return metadata | {"unlabelled": about}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("music", type=pathlib.Path, nargs="+")
    parser.add_argument("--tensor", default="penultimate")
    parser.add_argument("--about", default="music without labels, licence not stated")
    options = parser.parse_args()
    metadata, logmel, label, rows, values = read(options.cache, options.tensor)
    joined, tables = [logmel], [values]
    keys = ["row", "track", "genre", "split"]
    rows = [{key: row[key] for key in keys} for row in rows]
    for folder in options.music:
        more, logmel, _, music, values = read(folder, options.tensor)
        if any(more.get(key) != metadata.get(key) for key in ("n_fft", "hop")):
            raise SystemExit(f"{folder} has another front end than {options.cache}")
        joined.append(logmel)
        tables.append(values)
        rows += [{"track": f"{row['genre']}/{row['track']}", "genre": "", "split": "train"} for row in music]
    for number, row in enumerate(rows):
        row["row"] = number
    logmel, values = np.concatenate(joined), np.concatenate(tables)
    label = np.concatenate([label, np.full(len(logmel) - len(label), UNLABELLED, np.uint8)])
    options.out.mkdir(parents=True, exist_ok=True)
    save_file({"logmel": logmel, "label": label}, options.out / "logmel.safetensors", with_origin(metadata, options.about))
    save_file({options.tensor: values}, options.out / "values.safetensors")
    with open(options.out / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, keys)
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows, {len(rows) - len(joined[0])} of them without a label")


if __name__ == "__main__":
    main()
