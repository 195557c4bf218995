"""Divides the train split of a cache into folds: folds.py DATA OUT [FOLDS].

Writes OUT/1, OUT/2 and so on. Each links to the cache's spectrograms and has a manifest of its own, in which one fold is the
split "valid", the other folds are "train" and everything else is "excluded"; the cache's valid split takes no part. A fold is a run of
consecutive tracks of each genre, in the order of their names: collections number the tracks of an artist one after another, so an
artist seldom stands on both sides.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path


def main(data, out, count=4):
    data = Path(data).resolve()
    data = data / "gtzan" if (data / "gtzan" / "manifest.csv").exists() else data
    with open(data / "manifest.csv", newline="") as file:
        reader = csv.DictReader(file)
        fields, rows = reader.fieldnames, list(reader)
    genres = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["track"]):
        if row["split"] == "train":
            genres[row["genre"]].append(row["row"])
    fold = {row: index * count // len(tracks) for tracks in genres.values() for index, row in enumerate(tracks)}
    for number in range(count):
        folder = Path(out) / str(number + 1)
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / "logmel.safetensors"
        if not link.is_symlink():
            link.symlink_to(data / "logmel.safetensors")
        with open(folder / "manifest.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            writer.writeheader()
            for row in rows:
                split = "excluded"
                if row["row"] in fold:
                    split = "valid" if fold[row["row"]] == number else "train"
                writer.writerow(row | {"split": split})


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
