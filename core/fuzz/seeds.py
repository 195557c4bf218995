#!/usr/bin/env python3
"""Makes the seed corpora of the fuzz targets: `python3 core/fuzz/seeds.py`. The same files every time."""
import pathlib
import random
import shutil
import struct
import zlib

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


def model(source, layers, weights, graph):
    """A `.timbrel` file as docs/model-format.md states it, with the sections of another one but for layers and weights."""
    old = source.read_bytes()
    places = [struct.unpack_from("<II", old, 32 + 8 * index) for index in range(6)]
    sections = [old[at : at + length] for at, length in places]
    sections[3:5] = [layers, weights]
    table = struct.pack("<I12xI", 1, 0x8000_0001)
    file, entries = bytearray(80), []
    for section in sections:
        entries += [len(file), len(section)]
        file += section + bytes(-len(section) % 16)
    extensions = len(file)
    file += table + struct.pack("<III", extensions + 32, len(graph), 0) + graph
    struct.pack_into("<8sHHII", file, 0, b"TIMBREL\0", 1, 0, len(file), 0)
    struct.pack_into("<I8x12I", file, 20, extensions, *entries)
    struct.pack_into("<I", file, 16, zlib.crc32(file[20:]))
    return bytes(file)


def two_networks(seed):
    """A model of a resampling and two poolings of the window, which are joined."""
    noise = random.Random(seed)
    source = root / "models/compact.timbrel"
    front_end = struct.unpack_from("<II", source.read_bytes(), 32)[0]
    bins, = struct.unpack_from("<H", source.read_bytes(), front_end + 14)
    columns, _, classes = struct.unpack_from("<HHH", source.read_bytes(), front_end + 32)
    weights = bytearray()

    def layer(op, kernel, shapes, values=b"", biases=b"", multiplier=0, shift=0):
        stride = kernel
        at = len(weights)
        weights.extend(values + bytes(-len(values) % 16))
        then = len(weights)
        weights.extend(biases + bytes(-len(biases) % 16))
        return struct.pack(
            "<2B4B4x2B6H4Ib7x", op, shift, *kernel, *stride, 1, 1, *shapes, at, len(values), then, len(biases), multiplier
        )

    small = (4, 5, 1)
    steps = [bins // small[0], columns // small[1]]
    table = bytes(noise.randrange(256) for _ in range(256))
    cells = [(noise.randrange(bins - 1), noise.randrange(257)) for _ in range(small[0])]
    cells += [(noise.randrange(columns - 1), noise.randrange(257)) for _ in range(small[1] - 1)] + [(0xFFFF, 9)]
    window = (bins, columns, 1)
    joined = (*small[:2], 3)
    layers = [
        layer(7, (0, 0), window + small, table + b"".join(struct.pack("<HH", *cell) for cell in cells)),
        layer(3, steps, window + small),
        layer(4, steps, window + small, multiplier=1, shift=7),
        layer(6, (0, 0), joined + joined),
        layer(5, (0, 0), joined + (1, 1, classes), noise.randbytes(60 * classes), bytes(4 * classes)),
    ]
    size, place = bins * columns, small[0] * small[1]
    # the joined values where the window was
    nodes = [(0, size), (0, size + place), (0, size + 2 * place), ((1, 2, 3), 0), (4, 0)]
    graph = struct.pack("<I12x", size + 3 * place)
    for sources, offset in nodes:
        sources = sources if isinstance(sources, tuple) else (sources,)
        graph += struct.pack("<4HI4x", *(*sources, *[0xFFFF] * 4)[:4], offset)
    return model(source, b"".join(layers), bytes(weights), graph)


def main():
    for seed in range(4):
        (folder("model") / f"two-{seed}.timbrel").write_bytes(two_networks(seed))
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
