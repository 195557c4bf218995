#!/usr/bin/env python3
"""What is left when a program ends in the middle: by kill -9, by a full disk, without permission, with files that vanish.

    faults.py TIMBREL CLASSIFY [ROUNDS]    the two programs; how often each is killed and runs out of room, 8 if not said

`prepare`, `train`, `export` and `classify --out` each run once to their end. Then each is killed, or may not write more
than so many bytes into a file, at moments and sizes spread over the whole run. After each of these, every file of the
result is absent or has the bytes of the whole run, and another run finishes it with the same bytes.
"""

import json
import math
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import wave

RATE = 22_050
NOBODY = 65_534
RECIPE = """name = "tiny"
[front_end]
n_fft = 1024
hop = 512
n_mels = 128
[window]
columns = 32
hop = 8
[network]
blocks = [{ channels = 6, kernel = 5, stride = 2, pool = 2 }, { channels = 8, kernel = 1 }]
[augment]
crops_per_track = 2
shift_bins = 1
tilt_db = 3.0
frequency_masks = 1
frequency_mask_bins = 4
time_masks = 1
time_mask_columns = 4
mixup_alpha = 0.2
[training]
epochs = 6
batch = 8
peak_learning_rate = 1e-2
warmup = 0.25
weight_decay = 0.01
gradient_norm = 5.0
label_smoothing = 0.1
ema_decay = 0.9
checkpoint_every = 1
evaluate_every = 1
"""


def tone(path, frequency, seconds):
    """Write a tone with its overtones as 16-bit wav."""
    path.parent.mkdir(parents=True, exist_ok=True)
    angles = (2 * math.pi * frequency * i / RATE for i in range(int(RATE * seconds)))
    samples = [int(9_000 * (math.sin(a) + math.sin(2 * a) / 2)) for a in angles]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


class Job:
    """A command, what it is called with the next time, and the files that it is to make."""

    def __init__(self, name, arguments, again, results):
        self.name, self.arguments, self.again, self.results = name, arguments, again, results
        self.expected = {}
        self.seconds = 0.0

    def command(self, folder, again=()):
        """Make a folder of results and return the command line for it."""
        folder.mkdir(exist_ok=True)
        return [str(word).replace("OUT", str(folder)) for word in [*self.arguments, *again]]

    def files(self, folder):
        """Return the results that are there."""
        paths = (folder / name for name in self.results)
        return {path.name: path.read_bytes() for path in paths if path.exists()}

    def whole(self, folder):
        """Run to the end, and keep results and time."""
        before = time.monotonic()
        done = subprocess.run(self.command(folder), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}: {done.stderr}"
        self.seconds = time.monotonic() - before
        self.expected = self.files(folder)
        assert len(self.expected) == len(self.results), f"{self.name}: {sorted(self.expected)}"

    def check(self, folder, what):
        """Assert that each result is whole or absent, and that another run finishes them."""
        found = self.files(folder)
        if found == self.expected:
            return
        for name, content in found.items():
            # the weights of an earlier epoch are other bytes, and whole
            good = is_whole_safetensors(content) if self.name == "train" else content == self.expected[name]
            assert good, f"{self.name}, {what}: {name} is not whole"
        # a training that has no copy of its recipe yet was never begun
        begun = self.name != "train" or (folder / "recipe.toml").exists()
        command = self.command(folder, self.again if begun else ())
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}, {what}, again: {done.stderr}"
        assert self.files(folder) == self.expected, f"{self.name}, {what}: other bytes"


def is_whole_safetensors(content):
    """Return whether a file ends where its last tensor does."""
    header = int.from_bytes(content[:8], "little")
    tensors = json.loads(content[8 : 8 + header])
    tensors.pop("__metadata__", None)
    return len(content) == 8 + header + max(tensor["data_offsets"][1] for tensor in tensors.values())


def killed(job, folder, after):
    """Run and kill after so many seconds; return whether it was still running."""
    child = subprocess.Popen(job.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child.wait(after)
        return False
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True


def cramped(job, folder, most):
    """Run where no file may be longer than `most` bytes; return the status and what was said."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = subprocess.run(job.command(folder), preexec_fn=limit, capture_output=True, text=True)
    return done.returncode, done.stderr


def kills(job, work, rounds):
    """Kill at moments spread over the run."""
    count = 0
    for number in range(rounds):
        folder = work / f"{job.name}-killed-{number}"
        count += killed(job, folder, job.seconds * (number + 0.5) / rounds)
        job.check(folder, f"killed at {number + 0.5} of {rounds}")
        shutil.rmtree(folder)
    print(f"{job.name}: killed {count} times, each time whole or absent, and finished with the same bytes")


def full(job, work, rounds):
    """Leave less room than the largest file needs, down to none."""
    largest = max(map(len, job.expected.values()))
    refused = 0
    for number in range(rounds):
        folder = work / f"{job.name}-full-{number}"
        status, said = cramped(job, folder, largest * (number + 1) // (rounds + 1))
        if status != 0:
            refused += 1
            assert "File too large" in said and "panicked" not in said, f"{job.name}: {said}"
            assert str(folder) in said, f"{job.name} names no file: {said}"
        job.check(folder, f"room for {number} of {rounds}")
        shutil.rmtree(folder)
    assert refused > 0, job.name
    print(f"{job.name}: out of room {refused} times, the file named, whole or absent, and finished with the same bytes")


def forbidden(job, work):
    """Run as nobody where nobody may write."""
    if os.geteuid() != 0:
        print("skipped: only root can become a user without permission")
        return
    folder = work / f"{job.name}-forbidden"
    command = job.command(folder)
    # its own copy, in a folder that anybody may enter
    program = pathlib.Path(shutil.copy(command[0], work))
    done = subprocess.run([program, *command[1:]], user=NOBODY, capture_output=True, text=True)
    program.unlink()
    assert done.returncode != 0 and "ermission denied" in done.stderr, f"{job.name}: {done.stderr}"
    assert "panicked" not in done.stderr and str(folder) in done.stderr, f"{job.name}: {done.stderr}"
    assert list(folder.iterdir()) == [], job.name
    print(f"{job.name}: without permission it says so and leaves nothing")


def together(job, work):
    """Run twice at once into one folder."""
    folder = work / f"{job.name}-together"
    both = [
        subprocess.Popen(job.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [child.communicate()[1] for child in both]
    assert any(child.returncode == 0 for child in both), f"{job.name}: {said}"
    assert not any("panicked" in text for text in said), f"{job.name}: {said}"
    assert job.files(folder) == job.expected, f"{job.name}: {said}"
    refused = sum(child.returncode != 0 for child in both)
    print(f"{job.name}: two at once, {refused} refused, the result is whole")


def vanishing(job, work, audio):
    """Take half of the sounds away while the program runs."""
    folder, moved = work / f"{job.name}-vanishing", work / "moved"
    moved.mkdir()
    child = subprocess.Popen(job.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(job.seconds / 4)
    sounds = sorted(audio.glob("*/*.wav"))[1::2]
    for sound in sounds:
        sound.rename(moved / sound.name)
    said = child.communicate()[1]
    for sound in sounds:
        (moved / sound.name).rename(sound)
    moved.rmdir()
    assert child.returncode in (0, 1) and "panicked" not in said, f"{job.name}: {said}"
    assert job.files(folder), f"{job.name}: {said}"
    print(f"{job.name}: files that vanished are passed over, status {child.returncode}")


def main():
    """Make sounds, run each job to its end, then every fault."""
    timbrel, classify = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    with tempfile.TemporaryDirectory() as place:
        work = pathlib.Path(place)
        work.chmod(0o755)
        audio, recipe, cache, run = (work / name for name in ("audio", "recipe.toml", "cache", "run"))
        recipe.write_text(RECIPE)
        for number in range(32):
            tone(audio / f"genre-{number % 2}" / f"{number:02}.wav", 110 + 20 * number, 3.2)
        prepare = [timbrel, "prepare", audio, "--out", "OUT", "--seconds", "3", "--front-end", "mel_db_1024_512_128"]
        train = [timbrel, "train", "--data", cache, "--recipe", recipe, "--out", "OUT"]
        export = [timbrel, "export", run, "--data", cache, "--out", "OUT"]
        folder = [classify, "--json", "--jobs", "2", "--out", "OUT/answers", audio]
        jobs = [
            Job("prepare", prepare, [], ["logmel.safetensors", "manifest.csv", "skipped.csv"]),
            Job("train", train, ["--resume"], ["last.safetensors", "best.safetensors"]),
            Job("export", export, [], ["tiny.timbrel", "tiny.onnx"]),
            Job("classify", folder, ["--resume"], ["answers"]),
        ]
        for job, first in zip(jobs, (cache, run, work / "exported", work / "answers")):
            job.whole(first)
        for job in jobs:
            kills(job, work, rounds)
            full(job, work, rounds)
            forbidden(job, work)
            together(job, work)
        for job in (jobs[0], jobs[3]):
            vanishing(job, work, audio)


main()
