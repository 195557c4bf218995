"""Layers of integers that compute what layers of real numbers do.

A channel's value is `step · u + offset`, u being its u8, with a step and an offset for each channel: the weights that follow
take in the steps, and the offsets become biases. Only where a convolution is padded do the offsets need more: the padding's
value is 0, and its u8 is 0. There the input has channels of nothing but 255 too, which are 0 in the padding, and whose weights
are the offsets' sums.
"""

from dataclasses import dataclass, replace

import numpy as np

from layers import MOST_SOURCES, PADDING, whole

# frames over which a mean is taken at first, by a pooling with this multiplier and shift; the rest is done by a depthwise
# convolution with this shift, of which a weight of 127 is a gain of 11
FIRST_MEAN, FIRST_MULTIPLIER, FIRST_SHIFT = 5, 51, 8
MEAN_SHIFT = 11
# of the sums of two values
SUM_SHIFT = 7
# share of a layer's channels whose largest sum may lie below 255, for the sake of finer weights of the others
ROOM = 0.3
# part of the taps' mean square that is added to each one's
DAMPING = 1e-4
# largest shift: a sum below 255.5 · 2^16 is exact in an f32, in which ONNX runtimes round
MOST_SHIFT = 16


@dataclass
class Value:
    """An activation and what its channels stand for.

    It has the channels that are marked in `living`, and then `constants` channels of 255. `step` and `offset` are those of the
    living ones, and `fixed` has a place for every channel, with the value of each that does not live.
    """

    activation: int
    step: np.ndarray
    offset: np.ndarray
    living: np.ndarray
    fixed: np.ndarray
    constants: int = 0

    def everywhere(self, values, default):
        """Return something of the living channels as something of all."""
        every = np.full(len(self.living), default, np.float64)
        every[self.living] = values
        return every


@dataclass
class Function:
    """A convolution [out, kernel height, kernel width, in], ReLU and normalisation; `living` are the outputs that ever change."""

    kernel: np.ndarray
    bias: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    living: np.ndarray

    def fixed(self):
        """Return the values of the outputs that never change, and 0 for the others."""
        return np.where(self.living, 0.0, self.scale * np.maximum(self.bias, 0.0) + self.offset)

    def alive(self):
        """Return its kernel, bias, scale and offset of the outputs that change."""
        return [values[self.living] for values in (self.kernel, self.bias, self.scale, self.offset)]

    def most(self, least, most):
        """Return the ReLUs' largest values, given the least and the largest of the normalised ones of each output."""
        _, _, scale, offset = self.alive()
        value = np.where(scale < 0.0, least[self.living], most[self.living])
        return np.maximum((value - offset) / scale, 0.0)


def shift_of(largest, most):
    """Return the least shift with which the largest sums of a share of `1 - ROOM` of the channels become 255.

    `largest` is each channel's largest weight per unit of the input, `most` its largest sum.
    """
    needed = np.log2(np.maximum(most / (255.0 * largest / 127.0), 1.0))
    return int(min(np.ceil(np.quantile(needed, ROOM)), MOST_SHIFT))


def by_steps(moments, source):
    """Return the moments of the taps' u8 and 1, given those of their values and 1."""
    taps = (len(moments) - 1) // len(source.step)
    step, offset = np.tile(source.step, taps), np.tile(source.offset, taps)
    change = np.diag(np.append(1.0 / step, 1.0))
    change[:-1, -1] = -offset / step
    return change @ moments @ change.T


def rounded(weights, moments):
    """Round weights [out, tap] so that the sums change little in the mean square; return what to add to the sums, too.

    The error of one weight is made up for by those that are not yet rounded (Frantar et al., "OPTQ", 2023), and last by the
    bias. `moments` are those of the taps' u8 and 1, to which their own rounding is added.
    """
    count = weights.shape[1]
    spread = moments.copy()
    spread[np.arange(count), np.arange(count)] += 1.0 / 12.0 + DAMPING * np.diag(moments)[:count].mean()
    order = np.append(np.argsort(-np.diag(spread)[:count], kind="stable"), count)
    upper = np.linalg.cholesky(np.linalg.inv(spread[np.ix_(order, order)])).T
    rest = np.concatenate([weights, np.zeros((len(weights), 1))], 1)[:, order]
    for place in range(count):
        integers = np.clip(np.rint(rest[:, place]), -127, 127)
        error = (rest[:, place] - integers) / upper[place, place]
        rest[:, place:] -= error[:, None] * upper[place, place:]
        rest[:, place] = integers
    found = np.empty_like(weights)
    found[:, order[:count]] = rest[:, :count]
    return found, rest[:, count]


def shared(sums, count):
    """Divide sums into `count` weights each."""
    return [np.floor((sums + part) / count) for part in range(count)]


class Builder:
    """Appends layers to `network`, a `layers.Network`."""

    def __init__(self, network):
        self.network = network

    def window(self, table, rows, columns, step, offset):
        """Append the window, interpolated and through a table; its values are `step · u + offset`, and 0 in the padding.

        `rows` are cells as `columns.cells` makes them, and `columns` are cells and the numbers of padded columns before and
        after them.
        """
        cells, before, after = columns
        padding = whole(np.array(-offset / step), 0, 255, np.uint16)
        around = lambda count: np.tile(np.array([PADDING, padding], np.uint16), (count, 1))
        cells = np.concatenate([around(before), cells, around(after)])
        activation = self.network.resample(whole(table, 0, 255, np.uint8), rows, cells)
        return Value(activation, np.array([step]), np.array([offset]), np.ones(1, bool), np.zeros(1))

    def layer(self, source, function, most, moments, pad=(0, 0, 0, 0), pool=(1, 1)):
        """Append a `Function` and a maximum over `pool`; `most` is the largest value of each living ReLU, `moments`
        are those of what a filter sees.

        A channel whose normalisation has a negative scale is stored as 255 minus its ReLU, so that a larger u8 is a larger
        value in every channel.
        """
        kernel, bias, scale, offset = function.alive()
        is_negative = scale < 0.0
        folded = kernel[..., source.living] * source.step
        largest = np.abs(folded).max((1, 2, 3))
        shift = shift_of(largest, most)
        # a unit of the sum
        unit = np.maximum(largest / 127.0, most / (255.0 * 2.0**shift)) * np.where(is_negative, -1.0, 1.0)
        by_unit = unit[:, None, None, None]
        scaled = (folded / by_unit).reshape(len(unit), -1)
        weights, correction = rounded(scaled, by_steps(moments, source))
        weights = weights.reshape(folded.shape)
        # of each tap: what does not depend on the input
        taps = (kernel @ source.fixed + kernel[..., source.living] @ source.offset)[..., None] / by_unit
        sums = np.rint(taps / 255.0) if source.constants else np.zeros_like(taps)
        rest = bias / unit + correction + (taps - 255.0 * sums).sum((1, 2, 3)) + is_negative * 255.0 * 2.0**shift
        weights = np.concatenate([weights, *shared(sums, source.constants)], -1)
        activation = self.conv(source.activation, weights, rest, shift, pad, pool)
        step = np.abs(scale * unit) * 2.0**shift
        return Value(activation, step, offset - is_negative * 255.0 * step, function.living, function.fixed())

    def conv(self, source, weights, biases, shift, pad=(0, 0, 0, 0), pool=(1, 1)):
        """Append a convolution of integers."""
        weights, biases = whole(weights, -128, 127, np.int8), whole(biases, -(2**30), 2**30, np.int32)
        return self.network.conv(source, weights, biases, shift, pad, pool)

    def constants(self, source, kernel, count):
        """Append `count` channels of 255, at as many places as a kernel has in `source`."""
        one = self.conv(source.activation, np.zeros((1, *kernel, 1)), np.array([255]), 0)
        return self.conv(one, np.zeros((count, 1, 1, 1)), np.full(count, 255), 0)

    def join(self, values):
        """Append the join of values."""
        sources = [value.activation for value in values]
        while len(sources) > 1:
            parts = [sources[start : start + MOST_SOURCES] for start in range(0, len(sources), MOST_SOURCES)]
            sources = [self.network.join(part) if len(part) > 1 else part[0] for part in parts]
        names = ("step", "offset", "living", "fixed")
        return Value(sources[0], *(np.concatenate([getattr(value, name) for value in values]) for name in names))

    def padded(self, value, constants):
        """Append the join of a value and of channels of 255."""
        count = self.network.shape(constants)[2]
        return replace(value, activation=self.network.join([value.activation, constants]), constants=count)

    def sum(self, one, other, least, most):
        """Append the sum of two values, which is between `least` and `most`."""
        terms = (one, other)
        steps = [term.everywhere(term.step, 0.0) for term in terms]
        offset = sum(term.everywhere(term.offset, 0.0) + term.fixed for term in terms)
        factor = 2.0**SUM_SHIFT
        step = np.maximum(np.maximum(*steps) * factor / 127.0, (most - least) / 255.0)
        weights = [np.diag(np.rint(part / step * factor))[:, term.living] for part, term in zip(steps, terms)]
        weights = np.concatenate(weights, 1)[:, None, None, :]
        both = self.network.join([term.activation for term in terms])
        activation = self.conv(both, weights, (offset - least) / step * factor, SUM_SHIFT)
        return Value(activation, step, least, np.ones(len(step), bool), np.zeros(len(step)))

    def over_time(self, value, most):
        """Append the maximum and the mean over time of a value; `most` are its channels' largest means."""
        frames = self.network.shape(value.activation)[1]
        count = frames // FIRST_MEAN
        if count * FIRST_MEAN != frames:
            raise SystemExit(f"{frames} frames are no multiple of {FIRST_MEAN}")
        highest = self.network.max_pool(value.activation, (1, frames))
        first = self.network.average_pool(value.activation, (1, FIRST_MEAN), FIRST_MULTIPLIER, FIRST_SHIFT)
        share = FIRST_MEAN * FIRST_MULTIPLIER / 2.0**FIRST_SHIFT
        room = 254.0 / np.maximum((most[value.living] - value.offset) / value.step * share, 1.0)
        gains = np.clip(np.floor(room * 2.0**MEAN_SHIFT / count), 1, 127)
        mean = self.network.depthwise(first, np.tile(gains, (1, count, 1)).astype(np.int8), MEAN_SHIFT)
        step = value.step / (share * gains * count / 2.0**MEAN_SHIFT)
        return replace(value, activation=highest), replace(value, activation=mean, step=step)
