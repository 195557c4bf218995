"""Arrays as soundfile, scipy, torchaudio and others give them, as the samples that the library takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: The most channels that the library takes.
MOST_CHANNELS = 8


def frames_first(samples: npt.ArrayLike, axis: int) -> npt.NDArray[Any]:
    """Return an array of shape ``(frames,)`` or ``(frames, channels)``, given the axis of the frames.

    Raises:
        ValueError: for another number of dimensions, and where ``axis`` is evidently that of the channels.
    """
    array = np.asarray(samples)
    if array.ndim == 1:
        return array
    if array.ndim != 2 or axis not in (0, 1, -1, -2):
        raise ValueError(f"samples have shape {array.shape} (axis={axis}), not (frames,) or (frames, channels)")
    frames, channels = (array if axis in (0, -2) else array.T).shape
    if channels > MOST_CHANNELS and 0 < frames <= MOST_CHANNELS:
        raise ValueError(
            f"samples have shape {array.shape}, which is {frames} frames of {channels} channels with axis={axis}: "
            f"transpose them (samples.T), or pass axis={1 if axis in (0, -2) else 0}, the axis of the frames"
        )
    return array if axis in (0, -2) else array.T


def interleaved(array: npt.NDArray[Any], channels: int, bits: int | None) -> npt.NDArray[Any]:
    """Return the samples, interleaved, as float32 with full scale ±1.0, or as int16 or int32 of all their bits.

    Raises:
        TypeError: for values that are not samples.
        ValueError: for a number of channels that does not fit, or for ``bits`` that do not.
    """
    if array.ndim == 2 and array.shape[1] != channels:
        raise ValueError(f"samples have shape {array.shape}, not (frames,) or (frames, {channels})")
    return np.ascontiguousarray(_scaled(array, bits)).reshape(-1)


def _scaled(array: npt.NDArray[Any], bits: int | None) -> npt.NDArray[Any]:
    if array.size == 0:
        return array.astype(np.float32)
    kind, width = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "f" and bits is None:
        # beyond float32's range they become infinite, which the library reports
        with np.errstate(over="ignore"):
            return array.astype(np.float32, copy=False)
    if kind == "i":
        if bits is not None and not 2 <= bits <= width:
            raise ValueError(f"bits is {bits}, but samples are {array.dtype}")
        if width in (16, 32) and bits in (None, width):
            # in this machine's order of bytes
            return array.astype(f"i{width // 8}", copy=False)
        return (array / 2.0 ** ((bits or width) - 1)).astype(np.float32)
    if array.dtype == np.uint8 and bits in (None, 8):
        # wav files of 8 bits, whose silence is 128
        return ((array.astype(np.float32) - 128) / 128).astype(np.float32)
    raise TypeError(
        f"samples are {array.dtype}{'' if bits is None else f' of {bits} bits'}, not floats with full scale 1.0, "
        "signed integers or uint8"
    )
