"""Read and write `.timbrel` files; `docs/model-format.md` describes them."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

import layers
from layers import Layer

ALIGNMENT, HEADER, RECORD = 16, 80, 48
SECTIONS = 6
FRONT_END, NORMALISATION, LABELS, LAYERS, WEIGHTS, PROVENANCE = range(SECTIONS)
REJECTION, CONFIDENCE, GRAPH = 1, 2, 0x8000_0001
# bins, columns of a window, columns from window to window, classes and the logits' exponent, in the front end's section
BINS, COLUMNS, HOP, CLASSES, EXPONENT = 14, 32, 34, 36, 38
LAYER = struct.Struct("<2B 2B 2B 4B 2B 3H 3H 4I b 7x")
NO_SOURCE = 0xFFFF


@dataclass
class Rejection:
    """The output that says whether a window is music."""

    bias: int
    exponent: int
    weights: np.ndarray


@dataclass
class Model:
    """A model file: the bytes of its sections, its layers, and its extensions."""

    sections: list
    network: layers.Network
    rejection: Rejection | None
    confidence: tuple

    def field(self, offset):
        """Return a field of the front end's section."""
        return struct.unpack_from("<H", self.sections[FRONT_END], offset)[0]

    def classes(self):
        """Return the number of genres."""
        return self.field(CLASSES)

    def columns(self):
        """Return the columns of a window."""
        return self.field(COLUMNS)

    def exponent(self):
        """Return the exponent of the logits."""
        return self.sections[FRONT_END][EXPONENT]

    def provenance(self):
        """Return the lines that say where the model comes from."""
        return self.sections[PROVENANCE].decode().splitlines()

    def describe(self, hop, exponent, confidence, provenance):
        """Set the columns from window to window, the exponent of the logits, their scale with the threshold, and the origin."""
        front_end = bytearray(self.sections[FRONT_END])
        struct.pack_into("<H", front_end, HOP, hop)
        front_end[EXPONENT] = exponent
        self.sections[FRONT_END] = bytes(front_end)
        self.confidence = confidence
        self.sections[PROVENANCE] = "\n".join(provenance).encode()


def aligned(content):
    """Return bytes up to the next multiple of the alignment."""
    return content + bytes(-len(content) % ALIGNMENT)


def read(path):
    """Read a model whose network is a chain."""
    with open(path, "rb") as file:
        content = file.read()
    places = struct.iter_unpack("<II", content[32:HEADER])
    sections = [content[offset : offset + length] for offset, length in places]
    extensions, table = {}, struct.unpack_from("<I", content, 20)[0]
    if table:
        for entry in range(struct.unpack_from("<I", content, table)[0]):
            id, offset, length = struct.unpack_from("<III", content, table + 16 * (entry + 1))
            extensions[id] = content[offset : offset + length]
    rejection, confidence = None, (1.0, 0.0)
    if REJECTION in extensions:
        bias, exponent = struct.unpack_from("<iB", extensions[REJECTION])
        rejection = Rejection(bias, exponent, np.frombuffer(extensions[REJECTION], np.int8, offset=16))
    if CONFIDENCE in extensions:
        confidence = struct.unpack("<ff", extensions[CONFIDENCE])
    if GRAPH in extensions:
        raise SystemExit(f"{path} has branches")
    model = Model(sections, None, rejection, confidence)
    model.network = layers.Network((model.field(BINS), model.field(COLUMNS), 1))
    for record in struct.iter_unpack(LAYER.format, sections[LAYERS]):
        model.network.add(layer(record, len(model.network.layers), sections[WEIGHTS]))
    return model


def layer(record, source, content):
    """Return a layer of a chain."""
    op, shift, *rest = record
    kernel, stride, pad, pool, input, output = (tuple(rest[start:end]) for start, end in SPANS)
    at, length, biases_at, biases_length, multiplier = rest[16:]
    weights = np.frombuffer(content, np.int8, length, at)
    if op == layers.CONV:
        weights = weights.reshape(output[2], *kernel, input[2])
    elif op == layers.DEPTHWISE:
        weights = weights.reshape(*kernel, input[2])
    elif op == layers.DENSE:
        weights = weights.reshape(output[2], -1)
    biases = np.frombuffer(content, "<i4", biases_length // 4, biases_at)
    return Layer(op, [source], input, output, weights, biases, shift, kernel, stride, pad, pool, multiplier)


# of kernel, stride, padding, pool, input and output in a record, after operator and shift
SPANS = ((0, 2), (2, 4), (4, 8), (8, 10), (10, 13), (13, 16))


def write(path, model):
    """Write a model."""
    records, weights = encoded(model.network.layers)
    sections = list(model.sections)
    sections[LAYERS], sections[WEIGHTS] = records, weights
    extensions = {}
    if model.rejection is not None:
        rejection = model.rejection
        head = struct.pack("<iB11x", rejection.bias, rejection.exponent)
        extensions[REJECTION] = head + rejection.weights.astype(np.int8).tobytes()
    if model.confidence != (1.0, 0.0):
        extensions[CONFIDENCE] = struct.pack("<ff", *model.confidence)
    if any(layer.sources != [index] for index, layer in enumerate(model.network.layers)):
        extensions[GRAPH] = graph(model.network)
    body, table = b"", b""
    for section in sections:
        table += struct.pack("<II", HEADER + len(body), len(section))
        body = aligned(body + section)
    extension_table = HEADER + len(body) if extensions else 0
    entries, at = struct.pack("<I12x", len(extensions)), HEADER + len(body) + 16 * (len(extensions) + 1)
    for id, section in sorted(extensions.items()):
        entries += struct.pack("<IIII", id, at, len(section), 0)
        at += len(aligned(section))
    if extensions:
        body += entries + b"".join(aligned(section) for _, section in sorted(extensions.items()))
    body = struct.pack("<I8x", extension_table) + table + body
    content = struct.pack("<8sHHI", b"TIMBREL", 1, 0, 20 + len(body)) + struct.pack("<I", zlib.crc32(body)) + body
    with open(path, "wb") as file:
        file.write(content)


def encoded(network):
    """Return the records of layers and their weights."""
    records, content = b"", b""
    for layer in network:
        weights = layer.weights.tobytes() + b"".join(cells.astype("<u2").tobytes() for cells in layer.cells)
        at = len(content)
        content = aligned(content + weights)
        biases_at, biases = len(content), layer.biases.astype("<i4").tobytes()
        content = aligned(content + biases)
        geometry = (*layer.kernel, *layer.stride, *layer.pad, *layer.pool, *layer.input, *layer.output)
        place = (at, len(weights), biases_at, len(biases))
        records += LAYER.pack(layer.op, layer.shift, *geometry, *place, layer.multiplier)
    return records, content


def graph(network):
    """Return the section of the branches: what each layer reads, and where its output lies."""
    offsets, arena = plan(network)
    section = struct.pack("<I12x", arena)
    for layer, offset in zip(network.layers, [*offsets[1:], 0]):
        sources = (layer.sources + [NO_SOURCE] * layers.MOST_SOURCES)[: layers.MOST_SOURCES]
        section += struct.pack("<4HI4x", *sources, offset)
    return section


def plan(network):
    """Return the offsets of the window and of all outputs but the last, and the arena's bytes.

    The largest activations come first, each at the lowest offset at which it overlaps none that is needed at the same time.
    """
    count = len(network.layers)
    size = [int(np.prod(network.shape(activation))) for activation in range(count)]
    born = [max(activation - 1, 0) for activation in range(count)]
    last = [max(index for index, layer in enumerate(network.layers) if activation in layer.sources) for activation in range(count)]
    offsets = {0: 0}
    for activation in sorted(range(1, count), key=lambda activation: -size[activation]):
        taken = sorted(
            (offset, offset + size[other])
            for other, offset in offsets.items()
            if born[other] <= last[activation] and born[activation] <= last[other]
        )
        offset = 0
        for start, end in taken:
            if start >= offset + size[activation]:
                break
            offset = max(offset, end)
        offsets[activation] = offset
    arena = max(offset + size[activation] for activation, offset in offsets.items())
    return [offsets[activation] for activation in range(count)], arena
