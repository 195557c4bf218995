"""The layers of an integer network with branches, in the terms of `docs/model-format.md`."""

from dataclasses import dataclass, field

import numpy as np

CONV, DEPTHWISE, MAX_POOL, AVERAGE_POOL, DENSE, JOIN, RESAMPLE = range(1, 8)

# activations that a join may have
MOST_SOURCES = 4
# a row or a column of a resampling that is padding
PADDING = 0xFFFF


@dataclass
class Layer:
    """A layer; shapes are (height, width, channels).

    `weights` are i8 in the order of the file, of a resampling the u8 of its table, and `cells` its rows and columns: arrays
    u16 [place, (first, share)].
    """

    op: int
    sources: list
    input: tuple
    output: tuple
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    biases: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    shift: int = 0
    kernel: tuple = (0, 0)
    stride: tuple = (0, 0)
    pad: tuple = (0, 0, 0, 0)
    pool: tuple = (1, 1)
    multiplier: int = 0
    cells: tuple = ()


def whole(values, lowest, highest, dtype):
    """Return real numbers as integers, and stop where one has no place."""
    values = np.rint(values)
    if values.min() < lowest or values.max() > highest:
        raise SystemExit(f"{values.min():.0f} to {values.max():.0f}, expected {lowest} to {highest}")
    return values.astype(dtype)


class Network:
    """Layers in the order in which they run. Activation 0 is the window, activation k the output of layer k - 1."""

    def __init__(self, window):
        self.window, self.layers = window, []

    def shape(self, activation):
        """Return an activation's shape."""
        return self.layers[activation - 1].output if activation else self.window

    def add(self, layer):
        """Append a layer and return its activation."""
        self.layers.append(layer)
        return len(self.layers)

    def resample(self, table, rows, columns):
        """Append a resampling of the window."""
        output = (len(rows), len(columns), 1)
        return self.add(Layer(RESAMPLE, [0], self.window, output, table.astype(np.uint8), cells=(rows, columns)))

    def conv(self, source, weights, biases, shift, pad=(0, 0, 0, 0), pool=(1, 1)):
        """Append a convolution with a stride of one; weights are [out, kernel height, kernel width, in]."""
        height, width, channels = self.shape(source)
        out, *kernel, taken = weights.shape
        assert taken == channels, (taken, channels)
        extents = (height + pad[0] + pad[2], width + pad[1] + pad[3])
        places = [(extent - size + 1) // step for extent, size, step in zip(extents, kernel, pool)]
        layer = Layer(CONV, [source], (height, width, channels), (*places, out), weights, biases, shift)
        layer.kernel, layer.stride, layer.pad, layer.pool = tuple(kernel), (1, 1), pad, pool
        return self.add(layer)

    def depthwise(self, source, weights, shift):
        """Append a depthwise convolution without padding; weights are [kernel height, kernel width, channel]."""
        height, width, channels = self.shape(source)
        kernel = weights.shape[:2]
        output = (height - kernel[0] + 1, width - kernel[1] + 1, channels)
        layer = Layer(DEPTHWISE, [source], (height, width, channels), output, weights, np.zeros(channels, np.int32), shift)
        layer.kernel, layer.stride = kernel, (1, 1)
        return self.add(layer)

    def max_pool(self, source, kernel):
        """Append the maximum over steps of the kernel's extent."""
        return self.add(self.pooled(MAX_POOL, source, kernel))

    def average_pool(self, source, kernel, multiplier, shift):
        """Append the sum over steps of the kernel's extent, times `multiplier / 2^shift`."""
        layer = self.pooled(AVERAGE_POOL, source, kernel)
        layer.multiplier, layer.shift = multiplier, shift
        return self.add(layer)

    def pooled(self, op, source, kernel):
        """Return a pooling."""
        height, width, channels = self.shape(source)
        output = (height // kernel[0], width // kernel[1], channels)
        return Layer(op, [source], (height, width, channels), output, kernel=kernel, stride=kernel)

    def dense(self, source, weights, biases, shift):
        """Append a dense layer over one position; weights are [out, in]."""
        shape = self.shape(source)
        assert shape[:2] == (1, 1)
        return self.add(Layer(DENSE, [source], shape, (1, 1, len(weights)), weights, biases, shift))

    def join(self, sources):
        """Append the concatenation of the channels of two to four activations."""
        height, width, _ = self.shape(sources[0])
        shape = (height, width, sum(self.shape(source)[2] for source in sources))
        return self.add(Layer(JOIN, list(sources), shape, shape))
