"""The classifier and the functions that classify at once."""

from __future__ import annotations

import ctypes
import operator
import os
import sys
import threading
import weakref
from ctypes import byref, c_float, c_int32, c_size_t, c_uint8, c_void_p
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _library
from ._library import LABEL_BYTES, LIBRARY, Config, Result, check

# a model: its bytes or its file; None is the one inside this package
Model = Union[bytes, str, "os.PathLike[str]", None]


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        genre: The most probable genre.
        confidence: Its probability, 0 to 1.
        probabilities: The probability of each genre, in the model's order: the softmax of
            the windows' mean logits.
        windows: Windows that were classified.
    """

    genre: str
    confidence: float
    probabilities: dict[str, float]
    windows: int


@dataclass(frozen=True)
class ModelInfo:
    """Metadata of a model.

    Attributes:
        labels: The genres.
        sample_rate: Rate in Hz to which audio is resampled; any supported rate may be pushed.
        window_seconds: Seconds of audio in a window.
        hop_seconds: Seconds from one window to the next.
        logits_exponent: A logit's value is its integer times 2 to the power of minus this.
        embedding_size: Values of :meth:`Classifier.embedding`; 0 for a model without an embedding.
    """

    labels: tuple[str, ...]
    sample_rate: int
    window_seconds: float
    hop_seconds: float
    logits_exponent: int
    embedding_size: int


class Classifier:
    """A classifier for audio that comes in portions of any size.

    Different classifiers may be used by different threads at once; calls of one classifier wait for each other.

    Args:
        sample_rate: Hz, one of 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000.
        channels: 1 to 8; their mean is classified.
        model: The bytes or the path of a ``.timbrel`` file; by default the shipped model.

    Raises:
        TimbrelError: for a rate, a number of channels or a model that is not supported.
        OSError: if the model cannot be read.
    """

    def __init__(self, sample_rate: int, channels: int = 1, *, model: Model = None) -> None:
        content = _model_bytes(model)
        config = Config(ctypes.sizeof(Config), _u32(sample_rate, "sample_rate"), _u32(channels, "channels"))
        handle = c_void_p()
        check(LIBRARY.timbrel_classifier_new(content, len(content), byref(config), byref(handle)))
        self._handle: c_void_p | None = handle
        self._free = weakref.finalize(self, LIBRARY.timbrel_classifier_free, handle)
        self._lock = threading.RLock()
        self._channels = channels
        self._labels = _labels(handle, _library.info(content).class_count)

    @property
    def labels(self) -> tuple[str, ...]:
        """The genres, in the model's order."""
        return self._labels

    def push(self, samples: npt.ArrayLike) -> int:
        """Push samples: floats with full scale ±1.0, or 16-bit integers.

        Args:
            samples: Shape ``(frames,)`` or ``(frames, channels)``, as soundfile reads it, or one dimension of
                interleaved channels. The division of the audio into calls makes no difference.

        Returns:
            The number of windows that were completed: if it is not 0, :meth:`result` has changed.

        Raises:
            TimbrelError: for a sample that is NaN, infinite or beyond ±1,000,000 (``Status.SAMPLE``; what is before
                it was taken), or after :meth:`finish` (``Status.FINISHED``).
            TypeError: for samples that are neither floats nor 16-bit integers.
            ValueError: for an array whose shape does not fit the channels.
        """
        array = _samples(samples, self._channels)
        function = LIBRARY.timbrel_classifier_push_i16
        if array.dtype == np.float32:
            function = LIBRARY.timbrel_classifier_push_f32
        consumed, window = c_size_t(), c_uint8()
        windows = taken = 0
        with self._lock:
            while taken < array.size:
                address = array.ctypes.data + taken * array.itemsize
                consumed.value = 0
                status = function(self._live(), address, array.size - taken, byref(consumed), byref(window))
                taken += consumed.value
                check(status, taken)
                windows += window.value
        return windows

    def finish(self) -> None:
        """End the signal and classify the rest of it. Calling this again does nothing.

        Raises:
            TimbrelError: if nothing was pushed (``Status.NO_AUDIO``).
        """
        with self._lock:
            check(LIBRARY.timbrel_classifier_finish(self._live()))

    def reset(self) -> None:
        """Forget the signal, so that another one of the same format can be pushed."""
        with self._lock:
            check(LIBRARY.timbrel_classifier_reset(self._live()))

    def result(self) -> Prediction:
        """Return the answer over all windows since the beginning or the last reset.

        Raises:
            TimbrelError: if no window is classified yet (``Status.NO_RESULT``).
        """
        result, probabilities = Result(), (c_float * len(self._labels))()
        with self._lock:
            check(LIBRARY.timbrel_classifier_result(self._live(), byref(result), probabilities, len(probabilities)))
        return _prediction(result, self._labels, probabilities)

    def logits(self) -> npt.NDArray[np.int32]:
        """Return the integer logits of the last window, the same bits on every platform; zeros before the first one."""
        logits = (c_int32 * len(self._labels))()
        with self._lock:
            check(LIBRARY.timbrel_classifier_logits(self._live(), logits, len(logits)))
        return np.array(logits, dtype=np.int32)

    def embedding(self) -> npt.NDArray[np.float32]:
        """Return the embedding of the signal: the mean over its windows of the input of the network's last layer.

        Returns:
            Values from 0 to 255. Compare embeddings of the same model by their angle.

        Raises:
            TimbrelError: if no window has been classified (``Status.NO_RESULT``), or for a model without an
                embedding (``Status.NO_EMBEDDING``).
        """
        needed = c_size_t()
        with self._lock:
            check(LIBRARY.timbrel_classifier_embedding(self._live(), None, 0, byref(needed)))
            values = (c_float * needed.value)()
            check(LIBRARY.timbrel_classifier_embedding(self._live(), values, len(values), None))
        return np.array(values, dtype=np.float32)

    def close(self) -> None:
        """Free the classifier, which cannot be used afterwards; happens by itself when nothing refers to it."""
        with self._lock:
            self._handle = None
            self._free()

    def __enter__(self) -> Classifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _live(self) -> c_void_p:
        if self._handle is None:
            raise ValueError("the classifier is closed")
        return self._handle


def classify(samples: npt.ArrayLike, sample_rate: int, *, model: Model = None) -> Prediction:
    """Classify samples at once.

    Args:
        samples: Floats with full scale ±1.0 or 16-bit integers, shape ``(frames,)`` or ``(frames, channels)``.
        sample_rate: Hz, as for :class:`Classifier`.
        model: The bytes or the path of a ``.timbrel`` file; by default the shipped model.

    Raises:
        TimbrelError, TypeError, ValueError, OSError: as :class:`Classifier` and its methods do.
    """
    array = np.asarray(samples)
    channels = array.shape[1] if array.ndim == 2 else 1
    with Classifier(sample_rate, channels, model=model) as classifier:
        classifier.push(array)
        classifier.finish()
        return classifier.result()


def classify_file(path: str | os.PathLike[str], *, model: Model = None) -> Prediction:
    """Decode a wav, mp3, flac, ogg, m4a, aac, AIFF, AU, CAF, mkv or webm file and classify it.

    Raises:
        TimbrelError: if the file cannot be decoded as audio (``Status.FILE``, ``Status.RATE``).
        OSError: if the file or the model cannot be opened.
    """
    # the library has one status for all faults of a file; Python tells them apart
    with open(path, "rb"):
        pass
    name = os.fspath(path)
    content = _model_bytes(model)
    labels = model_info(content).labels
    result, probabilities = Result(), (c_float * len(labels))()
    encoded = name.encode() if sys.platform == "win32" else os.fsencode(name)
    check(
        LIBRARY.timbrel_classify_file(
            *(content, len(content), encoded, byref(result), probabilities, len(labels), None, 0)
        )
    )
    return _prediction(result, labels, probabilities)


def model_info(model: Model = None) -> ModelInfo:
    """Return the metadata of a model.

    Raises:
        TimbrelError: if the model is not valid (``Status.MODEL``).
        OSError: if it cannot be read.
    """
    content = _model_bytes(model)
    info = _library.info(content)
    # labels come from a classifier; the format of its audio does not matter for them
    with Classifier(44100, model=content) as classifier:
        labels = classifier.labels
    return ModelInfo(
        labels,
        info.sample_rate,
        info.window_seconds,
        info.hop_seconds,
        info.logits_exponent,
        _library.embedding_size(content),
    )


@lru_cache(maxsize=1)
def _shipped() -> bytes:
    return Path(__file__).with_name("compact.timbrel").read_bytes()


def _model_bytes(model: Model) -> bytes:
    if model is None:
        return _shipped()
    return model if isinstance(model, bytes) else Path(model).read_bytes()


def _u32(value: int, name: str) -> int:
    value = operator.index(value)
    # ctypes would truncate larger numbers
    if not 0 <= value < 2**32:
        raise ValueError(f"{name} is {value}")
    return value


def _labels(handle: c_void_p, count: int) -> tuple[str, ...]:
    buffer = ctypes.create_string_buffer(LABEL_BYTES)
    labels = []
    for index in range(count):
        check(LIBRARY.timbrel_label(handle, index, buffer, len(buffer)))
        labels.append(buffer.value.decode())
    return tuple(labels)


def _samples(samples: npt.ArrayLike, channels: int) -> npt.NDArray[Any]:
    """Return the samples, interleaved, as float32 or int16."""
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] != channels):
        raise ValueError(f"samples have shape {array.shape}, not (frames,) or (frames, {channels})")
    if array.dtype.kind == "f" or array.size == 0:
        # beyond float32's range they become infinite, which the library reports
        with np.errstate(over="ignore"):
            array = array.astype(np.float32, copy=False)
    elif array.dtype.kind == "i" and array.dtype.itemsize == 2:
        array = array.astype(np.int16, copy=False)
    else:
        raise TypeError(f"samples are {array.dtype}, not floats with full scale 1.0 or 16-bit integers")
    return np.ascontiguousarray(array).reshape(-1)


def _prediction(result: Result, labels: tuple[str, ...], probabilities: ctypes.Array[c_float]) -> Prediction:
    return Prediction(
        genre=labels[result.class_index],
        confidence=result.confidence,
        probabilities=dict(zip(labels, probabilities)),
        windows=result.windows,
    )
