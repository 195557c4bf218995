#!/usr/bin/env python3
"""Name the genre of every audio file of a folder or a bucket, on a Ray cluster.

    classify.py SOURCE OUT [--workers N] [--part FILES] [--model FILE]

SOURCE and OUT are folders or s3:// addresses. OUT gets Parquet files with one row per file of SOURCE. The same command
goes on after an interruption: files whose name, size, time and model are in OUT already are skipped, failed ones too unless
--retry is given.
"""

import argparse
import hashlib
import logging
import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray
import timbrel
from pyarrow import fs

ENDINGS = {".wav", ".mp3", ".flac", ".ogg", ".m4a", ".aac", ".aiff", ".aif", ".au", ".caf", ".mkv", ".webm"}
# names the address of a store other than Amazon's
STORE = "AWS_ENDPOINT_URL"
# bytes that are read at once: each read of a bucket is a request
PIECE = 1 << 20
# a file is the same as long as these are
IDENTITY = ["file", "size", "modified"]


def place(address):
    """Return the file system and the path in it of a folder or an address."""
    if address.startswith("s3://") and STORE in os.environ:
        # from_uri would ask Amazon where the bucket is
        scheme, _, host = os.environ[STORE].partition("://")
        return fs.S3FileSystem(scheme=scheme, endpoint_override=host), address.removeprefix("s3://")
    return fs.FileSystem.from_uri(address if "://" in address else str(Path(address).absolute()))


def audio(address):
    """Return a table of the audio files below an address."""
    system, root = place(address)
    found = system.get_file_info(fs.FileSelector(root, recursive=True))
    files = [one for one in found if one.is_file and "." + one.extension.lower() in ENDINGS]
    return pa.table(
        {
            "file": pa.array([one.path for one in files], pa.string()),
            "size": pa.array([one.size for one in files], pa.int64()),
            "modified": pa.array([one.mtime_ns for one in files], pa.int64()),
        }
    )


def done(address, model, retry):
    """Return a table of the files whose rows are in OUT; parts that a crash cut off are removed."""
    system, root = place(address)
    tables = []
    for part in system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True)):
        if not part.is_file or part.extension != "parquet":
            continue
        try:
            rows = pq.read_table(part.path, filesystem=system, columns=[*IDENTITY, "model", "error"])
        except pa.ArrowInvalid:
            system.delete_file(part.path)
            continue
        keep = pc.equal(rows["model"], model)
        tables.append(rows.filter(pc.and_(keep, pc.is_null(rows["error"])) if retry else keep).select(IDENTITY))
    return pa.concat_tables(tables) if tables else None


def fingerprint(model):
    """Return the part of a model's hash that stands in each row."""
    return hashlib.sha256(model).hexdigest()[:16]


class Classifier:
    """Worker that has the model in memory and classifies batches of files."""

    def __init__(self, source, model):
        self.system, _ = place(source)
        self.model = model
        self.name = fingerprint(model)
        self.labels = timbrel.model_info(model).labels

    def __call__(self, batch: pa.Table) -> pa.Table:
        rows = [self.row(file) for file in batch["file"].to_pylist()]
        kinds = {"state": pa.string(), "genre": pa.string(), "confidence": pa.float32(), "windows": pa.int32()}
        kinds |= {f"p_{label}": pa.float32() for label in self.labels} | {"error": pa.string()}
        answers = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()}
        return pa.table({**{name: batch[name] for name in IDENTITY}, "model": [self.name] * len(rows), **answers})

    def hear(self, file):
        """Return the answer for a file, which another file system copies to this machine first."""
        if isinstance(self.system, fs.LocalFileSystem):
            return timbrel.classify_file(file, model=self.model)
        with self.system.open_input_stream(file, buffer_size=PIECE) as stream:
            return timbrel.classify_file(stream, model=self.model)

    def row(self, file):
        """Return the answer for a file, or its error: one broken file stops nobody."""
        try:
            answer = self.hear(file)
        except (timbrel.TimbrelError, OSError) as error:
            return {"error": str(error)}
        values = {"state": str(answer.state.value), "genre": answer.genre, "confidence": answer.confidence}
        return {**values, "windows": answer.windows, **{f"p_{name}": p for name, p in answer.probabilities.items()}}


def classify(options):
    """Classify what is left and return the number of files and of those that are new."""
    with open(options.model or Path(timbrel.__file__).with_name("compact.timbrel"), "rb") as file:
        model = file.read()
    files, before = audio(options.source), done(options.out, fingerprint(model), options.retry)
    todo = files.join(before, IDENTITY, join_type="left anti") if before else files
    if todo.num_rows:
        system, root = place(options.out)
        todo = todo.sort_by("file")
        # names travel, not audio: each worker reads its own files
        parts = [todo.slice(first, options.part) for first in range(0, todo.num_rows, options.part)]
        ray.data.from_arrow(parts).map_batches(
            Classifier,
            fn_constructor_args=(options.source, model),
            batch_format="pyarrow",
            batch_size=None,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=options.workers),
        ).write_parquet(root, filesystem=system, ray_remote_args={"num_cpus": 0})  # classifiers may have every core
    return files.num_rows, todo.num_rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="classifiers, a core each (default: 1)")
    parser.add_argument("--part", type=int, default=256, metavar="FILES", help="files per Parquet file: at most this much per worker is lost when a run is killed (default: 256)")
    parser.add_argument("--model", metavar="FILE", help="a .timbrel file instead of the one in the wheel")
    parser.add_argument("--retry", action="store_true", help="files with an error again")
    options = parser.parse_args()
    # workers of a cluster that runs already have its environment, not the one of this command
    access = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    ray.init(
        log_to_driver=False,
        logging_level=logging.WARNING,
        include_dashboard=False,
        runtime_env={"env_vars": access} if access else None,
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    began = time.monotonic()
    files, new = classify(options)
    print(f"{files} files, {new} of them new, in {time.monotonic() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
