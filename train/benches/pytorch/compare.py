"""Trains the network of a recipe with `timbrel train` and with PyTorch on the same synthetic data, and prints the
crops per second of both and their ratio.

    cargo build --release -p timbrel-train
    python -m venv venv && venv/bin/pip install -r train/benches/pytorch/requirements.txt
    venv/bin/python train/benches/pytorch/compare.py --timbrel target/release/timbrel

Both sides train as many steps with the same batch, optimiser, clipping, averaged weights and augmentation, on as many
threads. Processor time is that of the whole process, crops included, and does not depend on other work on the machine;
wall time does. An epoch in which everything warms up is not counted; neither is validation.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import tomllib
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

import crops
import network

HERE = Path(__file__).resolve().parent
CLASSES = 10


def write_data(folder, recipe, tracks):
    """A cache of 30 s per track: a pattern of its genre in noise. The last tenth is valid."""
    keys = recipe["front_end"]
    columns = 1 + 30 * 22050 // keys["hop"]
    rng = np.random.default_rng(1)
    labels = (np.arange(tracks) % CLASSES).astype(np.uint8)
    logmel = rng.integers(0, 120, (tracks, keys["n_mels"], columns), np.uint8)
    for spectrogram, label in zip(logmel, labels):
        spectrogram[label :: label + 2] += 100
    metadata = {
        "genres": json.dumps([f"genre{label}" for label in range(CLASSES)]),
        "n_fft": str(keys["n_fft"]),
        "hop": str(keys["hop"]),
    }
    save_file({"logmel": logmel, "label": labels}, folder / "logmel.safetensors", metadata)
    with open(folder / "manifest.csv", "w") as file:
        file.write("row,track,genre,split\n")
        for track, label in enumerate(labels):
            split = "train" if track < tracks * 9 // 10 else "valid"
            file.write(f"{track},{track:05},genre{label},{split}\n")
    return logmel, labels


def pieces_of(logmel, recipe, count):
    """`count` of the pieces of an epoch: whole tracks, or the segments that the recipe divides."""
    if recipe.get("split", {}).get("of") != "segments":
        return np.stack([np.arange(count), np.full(count, -1)], 1)
    window = recipe["window"]
    starts = range(0, logmel.shape[2] - window["columns"] + 1, window["hop"])
    return np.array([(t, s) for t in range(len(logmel)) for s in starts][:count])


def run_timbrel(arguments, recipe, data, out, epochs):
    """Processor seconds of a run, and its output for each epoch."""
    command = [arguments.timbrel, "train", "--recipe", recipe, "--data", data, "--out", out, "--epochs", str(epochs)]
    environment = os.environ | {"RAYON_NUM_THREADS": str(arguments.threads)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"timbrel train failed with status {os.waitstatus_to_exitcode(status)}")
    metrics = [json.loads(line) for line in open(out / "metrics.jsonl")]
    return usage.ru_utime + usage.ru_stime, metrics


def time_timbrel(arguments, recipe, data, folder):
    """Processor and wall seconds of `arguments.epochs` epochs, crops in an epoch, weights."""
    short, _ = run_timbrel(arguments, recipe, data, folder / "short", 1)
    long, metrics = run_timbrel(arguments, recipe, data, folder / "long", 1 + arguments.epochs)
    wall = sum(epoch["seconds"] for epoch in metrics[1:])
    count = round(metrics[0]["seconds"] * metrics[0]["crops_per_second"])
    with safe_open(folder / "long/last.safetensors", "np") as file:
        weights = sum(file.get_tensor(name).size for name in file.keys())
    return long - short, wall, count, weights


def time_torch(arguments, recipe, logmel, labels, pieces):
    """Processor and wall seconds of the same epochs, share of the former spent on crops, weights."""
    torch.manual_seed(1)
    rng = np.random.default_rng(2)
    model = network.build(recipe, CLASSES)
    optimiser = network.optimiser(recipe, model.parameters())
    state = [t for t in model.state_dict().values() if t.is_floating_point()]
    average = [tensor.clone() for tensor in state]
    keys = recipe["training"]
    spent = making = wall = 0
    for epoch in range(1 + arguments.epochs):
        if epoch == 1:
            spent, making, wall = -time.process_time(), 0, -time.perf_counter()
        source = crops.batches(logmel, labels, pieces, recipe, CLASSES, rng)
        while True:
            begin = time.process_time()
            batch = next(source, None)
            making += time.process_time() - begin
            if batch is None:
                break
            inputs, targets = map(torch.from_numpy, batch)
            loss = torch.nn.functional.cross_entropy(model(inputs / 256), targets)
            optimiser.zero_grad()
            loss.backward()
            for parameter in model.parameters():
                torch.nn.utils.clip_grad_norm_(parameter, keys["gradient_norm"])
            optimiser.step()
            loss.item()
            with torch.no_grad():
                torch._foreach_lerp_(average, state, 1 - keys["ema_decay"])
    return spent + time.process_time(), wall + time.perf_counter(), making, sum(t.numel() for t in state)


def compare(arguments, name):
    text = (HERE.parents[1] / "recipes" / f"{name}.toml").read_text()
    recipe = tomllib.loads(text)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        logmel, labels = write_data(folder, recipe, arguments.tracks)
        # one validation and one checkpoint at the end of every run, so that they cancel out
        quiet = re.sub(r"(evaluate|checkpoint)_every = \d+", r"\1_every = 1000", text)
        path = folder / "recipe.toml"
        path.write_text(re.sub(r"patience = \d+", "", quiet))
        rounds = []
        for repeat in range(arguments.repeats):
            ours, wall, count, weights = time_timbrel(arguments, path, folder, folder / str(repeat))
            pieces = pieces_of(logmel, recipe, count // recipe["augment"]["crops_per_track"])
            theirs, torch_wall, making, torch_weights = time_torch(arguments, recipe, logmel, labels, pieces)
            if weights != torch_weights:
                raise SystemExit(f"not the same network: {weights} and {torch_weights} floats")
            rounds.append((ours, wall, theirs, torch_wall, making))
    total = count * arguments.epochs
    ours, wall, theirs, torch_wall, making = map(statistics.median, zip(*rounds))
    ratio = statistics.median(r[0] / r[2] for r in rounds)
    least, most = min(r[0] / r[2] for r in rounds), max(r[0] / r[2] for r in rounds)
    threads = f"{arguments.threads} thread{'s' * (arguments.threads > 1)}"
    print(f"{name}: {weights} floats, batch {recipe['training']['batch']}, {threads}, {total} crops, median of {len(rounds)}")
    for who, processor, seconds, note in (
        ("timbrel", ours, wall, ""),
        (f"PyTorch {torch.__version__}", theirs, torch_wall, f", {100 * making / theirs:.0f} % of it making crops"),
    ):
        print(
            f"  {who}: {total / processor:.0f} crops a second of processor time{note}; "
            f"{total / seconds:.0f} a second of wall time, {seconds / arguments.epochs:.1f} s an epoch"
        )
    print(f"  timbrel takes {ratio:.2f} ({least:.2f} to {most:.2f}) times PyTorch's processor time, "
          f"{wall / torch_wall:.2f} times its wall time", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="*", default=["compact", "s4-cnn-gru"], help="names under train/recipes")
    parser.add_argument("--timbrel", default="target/release/timbrel", help="the release build")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tracks", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.recipe:
        compare(arguments, name)


if __name__ == "__main__":
    main()
