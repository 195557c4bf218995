#!/usr/bin/env python3
"""Makes the seed corpora of the fuzz targets: `python3 core/fuzz/seeds.py`. The same files every time."""
import pathlib
import random
import shutil
import struct

here = pathlib.Path(__file__).resolve().parent
root = here.parents[1]


def folder(target):
    made = here / "corpus" / target
    made.mkdir(parents=True, exist_ok=True)
    return made


def pcm(frames, seed):
    noise = random.Random(seed)
    return [noise.randrange(-20_000, 20_000) for _ in range(frames)]


def wave(tag, bits, channels, samples):
    data = b"".join(struct.pack("<h", s) for s in samples)
    form = struct.pack("<HHIIHH", tag, channels, 44_100, 44_100 * channels * bits // 8, channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def aiff(samples):
    data = struct.pack(">II", 0, 0) + b"".join(struct.pack(">h", s) for s in samples)
    common = struct.pack(">hIh", 1, len(samples), 16) + bytes.fromhex("400eac44000000000000")
    body = b"AIFFCOMM" + struct.pack(">I", 18) + common + b"SSND" + struct.pack(">I", len(data)) + data
    return b"FORM" + struct.pack(">I", len(body)) + body


def au(samples):
    data = b"".join(struct.pack(">h", s) for s in samples)
    return b".snd" + struct.pack(">5I", 24, len(data), 3, 8_000, 1) + data


def main():
    for model in sorted((root / "models").glob("*.timbrel")):
        shutil.copy(model, folder("model") / model.name)
    for file in sorted((root / "core/tests/fixtures").glob("*.*")):
        if file.suffix != ".sh":
            shutil.copy(file, folder("decode") / file.name)
    sound = pcm(600, 1)
    for name, content in {
        "pcm.wav": wave(1, 16, 2, sound),
        "mulaw.wav": wave(7, 8, 1, sound),
        "float.wav": wave(3, 32, 1, sound),
        "adpcm.wav": wave(0x11, 4, 1, sound),
        "pcm.aiff": aiff(sound),
        "pcm.au": au(sound),
    }.items():
        (folder("decode") / name).write_bytes(content)
    for seed in range(32):
        noise = random.Random(seed)
        (folder("kernels") / str(seed)).write_bytes(struct.pack("<I", seed) + noise.randbytes(64))
        samples = b"".join(struct.pack("<f", noise.uniform(-1, 1)) for _ in range(2_000))
        # 8 kHz and every 3 kHz above it
        rate = (4_000 + 3_000 * seed) // 3
        head = bytes([seed, rate & 255, rate >> 8, seed // 3, seed, seed])
        (folder("push") / str(seed)).write_bytes(head + samples)
        # make, push, ask for everything, free
        calls = bytes([4 * (seed % 3) + 32 * 4, 0]) + bytes([1, 255]) + samples[: 255 * 16] + bytes(
            value for what in range(8) for value in (4 * what + 3, 64)
        ) + bytes([2, 0])
        (folder("abi") / str(seed)).write_bytes(calls)


main()
