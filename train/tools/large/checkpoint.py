"""Read the variables of a TensorFlow checkpoint from the two files that make it up, without TensorFlow.

`PREFIX.index` is a table in the format of LevelDB, whose blocks are not compressed here: it holds a BundleEntryProto for
each variable, with its type, shape, and place in `PREFIX.data-00000-of-00001`.
"""

import struct

import numpy as np

TABLE_MAGIC = 0xDB4775248B80FB57
FLOAT32 = 1


def varint(data, at):
    """Return the number that begins at a byte, and the byte after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def block(index, offset, size):
    """Yield the keys and values of a block of the table."""
    if index[offset + size] != 0:
        raise SystemExit("a block of the checkpoint's index is compressed")
    data = index[offset : offset + size]
    (restarts,) = struct.unpack_from("<I", data, size - 4)
    end = size - 4 - 4 * restarts
    at, key = 0, b""
    while at < end:
        shared, at = varint(data, at)
        fresh, at = varint(data, at)
        length, at = varint(data, at)
        key = key[:shared] + data[at : at + fresh]
        at += fresh
        yield key, data[at : at + length]
        at += length


def fields(message):
    """Return the last value of each field of a protocol buffer."""
    found, at = {}, 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        elif tag & 7 == 2:
            length, at = varint(message, at)
            value, at = message[at : at + length], at + length
        elif tag & 7 == 5:
            value, at = message[at : at + 4], at + 4
        else:
            raise SystemExit(f"the checkpoint's index has a field of wire type {tag & 7}")
        found.setdefault(tag >> 3, []).append(value)
    return found


def shape(message):
    """Return the extents of a TensorShapeProto."""
    return [fields(dim).get(1, [0])[0] for dim in fields(message).get(2, [])]


def read(prefix):
    """Return the f32 variables of a checkpoint by their names, but not the optimiser's."""
    with open(f"{prefix}.index", "rb") as file:
        index = file.read()
    with open(f"{prefix}.data-00000-of-00001", "rb") as file:
        data = file.read()
    if struct.unpack("<Q", index[-8:])[0] != TABLE_MAGIC:
        raise SystemExit(f"{prefix}.index is no table")
    at = len(index) - 48
    numbers = []
    for _ in range(4):
        number, at = varint(index, at)
        numbers.append(number)
    variables = {}
    for _, handle in block(index, numbers[2], numbers[3]):
        offset, at = varint(handle, 0)
        size, _ = varint(handle, at)
        for key, value in block(index, offset, size):
            name, entry = key.decode(), fields(value)
            if not name or "Adam" in name or entry.get(1) != [FLOAT32]:
                continue
            start, length = entry.get(4, [0])[0], entry[5][0]
            values = np.frombuffer(data, "<f4", length // 4, start)
            variables[name] = values.reshape(shape(entry[2][0]))
    return variables
