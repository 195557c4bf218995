#!/usr/bin/env python3
"""Search a synthetic index for the songs most like a tune, and compare with numpy.

    examples/classify/bench-similar.py PROGRAM [SONGS]      default: 1000000

prints processor time and largest memory of PROGRAM (the built `classify`) and of numpy in a process of its own, with one
thread each, doing the same: reading the embeddings, one product with all of them, the ten largest. Both must find
the same songs. What both need for an index of one song is subtracted.
"""

# numpy is imported where it is needed: the memory of a child counts that of its parent at the start

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = 10
TUNES = Path(__file__).resolve().parent.parent / "c/tunes.py"


def read(path):
    """Return the metadata and the embeddings of an index."""
    import numpy as np

    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        begin, end = header["embeddings"]["data_offsets"]
        file.seek(begin, os.SEEK_CUR)
        values = np.frombuffer(file.read(end - begin), np.float32)
    return header["__metadata__"], values.reshape(header["embeddings"]["shape"])


def make(index, own, songs):
    """Write an index of songs with made-up names, a thousandth of them near the only one of another index."""
    import numpy as np

    metadata, (query,) = read(own)
    random = np.random.default_rng(1)
    vectors = np.maximum(random.standard_normal((songs, len(query)), np.float32), 0)
    close = vectors[:: max(songs // 1000, 1)]
    close += query * 10 * random.random((len(close), 1), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    names = "".join(f"/music/artist {i // 100}/{i}.mp3\0" for i in range(songs)).encode()
    tensors = {
        "files": ("U8", np.frombuffer(names, np.uint8)),
        "sizes": ("U64", np.zeros(songs, np.uint64)),
        "modified": ("I64", np.zeros(songs, np.int64)),
        "seconds": ("F32", np.full(songs, 200, np.float32)),
        "embeddings": ("F32", vectors),
    }
    header, at = {"__metadata__": metadata}, 0
    for name, (kind, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(index, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, values in tensors.values():
            file.write(values.tobytes())


def search(index, query):
    """Print the rows of the index that are most like the only one of another, as numpy finds them."""
    import numpy as np

    products = read(index)[1] @ read(query)[1][0]
    count = min(COUNT, len(products))
    best = np.argpartition(-products, count - 1)[:count]
    print(json.dumps(best[np.argsort(-products[best])].tolist()))


def run(*command):
    """Return a program's output, its processor time in seconds and its largest memory in MB."""
    # one thread for numpy, as the program has
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]}: status {status}")
    return output, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(program, songs, folder):
    subprocess.run([sys.executable, TUNES, folder], check=True)
    tune, own, index = f"{folder}/short.wav", f"{folder}/own.safetensors", f"{folder}/index.safetensors"
    run(program, "similar", tune, tune, "--index", own)
    run(sys.executable, __file__, "--make", index, own, str(songs))

    found, seconds, memory = run(program, "similar", tune, "--index", index, "--json", "--count", str(COUNT))
    _, tune_seconds, _ = run(program, "similar", tune, "--index", own, "--json")
    rows, numpy_seconds, numpy_memory = run(sys.executable, __file__, "--numpy", index, own)
    _, start_seconds, _ = run(sys.executable, __file__, "--numpy", own, own)
    found = [int(Path(json.loads(line)["file"]).stem) for line in found.splitlines()]
    if found != json.loads(rows):
        sys.exit(f"other songs: {found}, numpy {rows}")
    own_share, numpy_share = seconds - tune_seconds, numpy_seconds - start_seconds
    print(f"{songs} songs, {os.path.getsize(index) / 1e6:.0f} MB")
    print(f"classify similar  {own_share:6.2f} s  {memory:6.0f} MB")
    print(f"numpy             {numpy_share:6.2f} s  {numpy_memory:6.0f} MB")
    print(f"ratio             {own_share / numpy_share:6.2f}")


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--numpy":
        search(*arguments[1:])
    elif len(arguments) == 4 and arguments[0] == "--make":
        make(arguments[1], arguments[2], int(arguments[3]))
    elif len(arguments) in (1, 2) and os.path.exists(arguments[0]):
        with tempfile.TemporaryDirectory() as folder:
            compare(os.path.abspath(arguments[0]), int((arguments + ["1000000"])[1]), folder)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
