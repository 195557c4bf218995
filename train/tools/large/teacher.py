"""MSD_musicnn as layers of integers, without the channels that never change."""

import numpy as np

import columns
from integers import Builder, Function

FRONT, MIDDLE = range(5), range(5, 8)
# channels of 255 that hold the sums of offsets
CONSTANTS = 12


class Teacher:
    """Appends the network to `network`, a `layers.Network`; `ranges` comes from `ranges.py`."""

    def __init__(self, network, parameters, ranges):
        self.network, self.build, self.parameters, self.ranges = network, Builder(network), parameters, ranges
        self.functions = [self.function(index) for index in (*FRONT, *MIDDLE)]
        self.pools, self.spectrograms = [], {}

    def function(self, index):
        """Return a convolution of the network."""
        kernel, bias = self.parameters.of("conv2d", index)
        # [frame, row, 1, out]; after the first layer the rows are channels
        kernel = kernel.transpose(3, 1, 0, 2) if index in FRONT else kernel.transpose(3, 2, 0, 1)
        return Function(kernel, bias, *self.parameters.norm(index + 1), self.parameters.living(index))

    def values(self):
        """Append everything up to the 200 values, which are returned."""
        layer = self.front()
        self.pool(layer, "front")
        layer = self.middle(5, layer)
        self.pool(layer, "5")
        for index in (6, 7):
            found = self.middle(index, layer)
            layer = self.build.sum(layer, found, self.ranges[f"least_sum_{index}"], self.ranges[f"most_sum_{index}"])
            self.pool(layer, f"sum_{index}")
        return self.dense()

    def most(self, index):
        """Return the largest values of a layer's ReLUs."""
        return self.functions[index].most(self.ranges[f"least_{index}"], self.ranges[f"most_{index}"])

    def moments(self, name):
        """Return the moments of what a layer's filters see."""
        return self.ranges[f"moments_{name}"]

    def spectrogram(self, frames):
        """Append the window as the network's spectrogram, with as much padding over time as a kernel of `frames` needs."""
        scale, offset = (part.item() for part in self.parameters.norm(0))
        decibels = np.arange(256) * 80.0 / 255.0 - 80.0 + columns.GAIN_DB
        levels = np.log10(1.0 + 1e4 * 10.0 ** (decibels / 10.0))
        step = levels.max() / 255.0
        if frames in self.spectrograms:
            return self.spectrograms[frames]
        before = (frames - 1) // 2
        times = columns.cells(columns.times(self.network.window[1]).T)
        rows = columns.cells(columns.bands())
        value = self.build.window(levels / step, rows, (times, before, frames - 1 - before), scale * step, offset)
        self.spectrograms[frames] = value
        return value

    def front(self):
        """Append the first layer: filters over bands and frames, and over frames, and their maxima over the bands."""
        found = []
        for index in FRONT:
            rows, frames = self.functions[index].kernel.shape[1:3]
            source = self.spectrogram(frames)
            pool = (columns.TEACHER_BANDS - rows + 1, 1)
            found.append(self.build.layer(source, self.functions[index], self.most(index), self.moments(index), pool=pool))
            if index == 0:
                self.constants = self.build.constants(source, (columns.TEACHER_BANDS, frames), CONSTANTS)
        return self.build.join(found)

    def middle(self, index, source):
        """Append a layer over time."""
        frames = self.functions[index].kernel.shape[2]
        before = (frames - 1) // 2
        source = self.build.padded(source, self.constants)
        pad = (0, before, 0, frames - 1 - before)
        return self.build.layer(source, self.functions[index], self.most(index), self.moments(index), pad)

    def pool(self, value, name):
        """Append a layer's maxima and means over time."""
        self.pools.append(self.build.over_time(value, self.ranges[f"mean_{name}"]))

    def dense(self):
        """Append the first dense layer."""
        kernel, bias = self.parameters.of("dense", 0)
        scale, offset = self.parameters.norm(9)
        bias = bias + offset @ kernel
        # [in, out] to [out, in]; a channel's maximum and its mean lie side by side, and here those of a layer one after another
        kernel = (kernel * scale[:, None]).T
        order, start = [], 0
        for highest, _ in self.pools:
            channels = start + 2 * np.arange(len(highest.living))
            order += [channels, channels + 1]
            start += 2 * len(channels)
        kernel = kernel[:, np.concatenate(order)][:, None, None, :]
        count = len(bias)
        function = Function(kernel, bias, np.ones(count), np.zeros(count), np.ones(count, bool))
        values = [value for pools in self.pools for value in pools]
        return self.build.layer(self.build.join(values), function, self.ranges["most_dense"], self.moments("dense"))
