"""The classifier and the functions that classify at once."""

from __future__ import annotations

import ctypes
import operator
import os
import shutil
import stat
import sys
import tempfile
import threading
import weakref
from ctypes import byref, c_float, c_int, c_int32, c_size_t, c_uint8, c_void_p
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Iterator, SupportsFloat, Union

import numpy as np
import numpy.typing as npt

from . import _library
from ._answers import NO_LIMITS, Cost, ModelInfo, Prediction, State, Window
from ._library import LABEL_BYTES, LIBRARY, Config, Result, check
from ._samples import frames_first, interleaved

# a model: its bytes, its file or its path; None is the one inside this package
Model = Union[bytes, bytearray, memoryview, str, "os.PathLike[str]", BinaryIO, None]


class Classifier:
    """A classifier for audio that comes in portions of any size.

    Different classifiers may be used by different threads at once; calls of one classifier wait for each other.

    Args:
        sample_rate: Hz, 4,000 to 768,000.
        channels: 1 to 8; their mean is classified.
        model: A ``.timbrel`` file: its bytes, its path, or a file that is open for reading bytes; by default the
            shipped model.
        limits: The most that the model may cost; by default what the library allows: 4 billion multiply-adds per
            window and per second of audio, and 64 MiB of activations.

    Raises:
        TimbrelError: for a rate, a number of channels or a model that is not supported, and for a model beyond the
            limits (``Status.COST``).
        OSError: if the model cannot be read.
    """

    def __init__(
        self, sample_rate: SupportsFloat, channels: int = 1, *, model: Model = None, limits: Cost | None = None
    ) -> None:
        content = _model_bytes(model)
        config = Config(ctypes.sizeof(Config), _unsigned(sample_rate, "sample_rate"), _unsigned(channels, "channels"))
        handle = c_void_p()
        if limits is None:
            check(LIBRARY.timbrel_classifier_new(content, len(content), byref(config), byref(handle)))
        else:
            most = byref(_most(limits))
            check(LIBRARY.timbrel_classifier_new_within(content, len(content), byref(config), most, byref(handle)))
        self._handle: c_void_p | None = handle
        self._free = weakref.finalize(self, LIBRARY.timbrel_classifier_free, handle)
        self._lock = threading.RLock()
        self._channels = channels
        self._sample_rate = int(float(sample_rate))
        self._info = _library.info(content)
        self._labels = _labels(handle, self._info.class_count)
        self._windows = 0  # complete since the beginning of the signal

    @property
    def labels(self) -> tuple[str, ...]:
        """The genres, in the model's order."""
        return self._labels

    def push(self, samples: npt.ArrayLike, *, axis: int = 0, bits: int | None = None) -> int:
        """Push samples: floats with full scale ±1.0, or integers.

        Args:
            samples: Shape ``(frames,)`` or ``(frames, channels)``, as soundfile and scipy read it, or one dimension of
                interleaved channels. How audio is cut into calls makes no difference.
            axis: The axis of the frames; 1 for ``(channels, frames)``, as torchaudio reads it.
            bits: The full scale of signed integers is 2 to the power of ``bits - 1``; by default that of their type. It
                is 24 for 24-bit samples in the lower bytes of int32. (scipy puts them into the upper bytes: leave it.)

        Returns:
            The number of windows that were completed: if it is not 0, :meth:`result` has changed.

        Raises:
            TimbrelError: for a sample that is NaN, infinite or beyond ±1,000,000 (``Status.SAMPLE``; the samples before
                it were taken), or after :meth:`finish` (``Status.FINISHED``).
            TypeError: for values that are not samples.
            ValueError: for an array whose shape does not fit the channels.
        """
        array = interleaved(frames_first(samples, axis), self._channels, bits)
        with self._lock:
            return sum(1 for _ in self._push(array))

    def timeline(self, samples: npt.ArrayLike, *, axis: int = 0, bits: int | None = None) -> Iterator[Window]:
        """Push samples as :meth:`push` does, and yield each window as soon as it is complete."""
        for index in self._push(interleaved(frames_first(samples, axis), self._channels, bits)):
            start = index * self._info.hop_seconds
            yield self._window(start, start + self._info.window_seconds)

    def _push(self, array: npt.NDArray[np.generic]) -> Iterator[int]:
        """Push samples and yield the index of each window as soon as it is complete."""
        function = {
            "float32": LIBRARY.timbrel_classifier_push_f32,
            "int16": LIBRARY.timbrel_classifier_push_i16,
            "int32": LIBRARY.timbrel_classifier_push_i32,
        }[array.dtype.name]
        consumed, window = c_size_t(), c_uint8()
        taken = 0
        while taken < array.size:
            with self._lock:
                address = array.ctypes.data + taken * array.itemsize
                consumed.value = 0
                status = function(self._live(), address, array.size - taken, byref(consumed), byref(window))
                taken += consumed.value
                self._windows += window.value if status == 0 else 0
                check(status, taken)
            if window.value:
                yield self._windows - 1

    def _window(self, start: float, end: float) -> Window:
        state, values = c_int(), (c_float * len(self._labels))()
        with self._lock:
            check(LIBRARY.timbrel_classifier_window(self._live(), byref(state), values, len(values)))
        probabilities = dict(zip(self._labels, values))
        genre = max(probabilities, key=lambda label: probabilities[label])
        return Window(start, end, genre, probabilities[genre], probabilities, tuple(State)[state.value])

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
            self._windows = 0

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

    def __repr__(self) -> str:
        closed = ", closed" if self._handle is None else ""
        return f"<timbrel.Classifier: {self._sample_rate} Hz, {self._channels} channels, {len(self._labels)} genres{closed}>"

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


def classify(
    samples: npt.ArrayLike,
    sample_rate: SupportsFloat,
    *,
    axis: int = 0,
    bits: int | None = None,
    model: Model = None,
    limits: Cost | None = None,
) -> Prediction:
    """Classify samples at once.

    Args:
        samples: Floats with full scale ±1.0 or integers, shape ``(frames,)`` or ``(frames, channels)``.
        sample_rate: Hz, as for :class:`Classifier`.
        axis: The axis of the frames, as for :meth:`Classifier.push`.
        bits: The full scale of integers, as for :meth:`Classifier.push`.
        model: A ``.timbrel`` file: its bytes, its path, or a file that is open for reading bytes; by default the
            shipped model.
        limits: The most that the model may cost, as for :class:`Classifier`.

    Raises:
        TimbrelError, TypeError, ValueError, OSError: as :class:`Classifier` and its methods do.
    """
    array = frames_first(samples, axis)
    with Classifier(sample_rate, _channels(array), model=model, limits=limits) as classifier:
        classifier.push(array, bits=bits)
        classifier.finish()
        return classifier.result()


def timeline(
    samples: npt.ArrayLike,
    sample_rate: SupportsFloat,
    *,
    axis: int = 0,
    bits: int | None = None,
    model: Model = None,
    limits: Cost | None = None,
) -> list[Window]:
    """Return the answer of each window of a signal; arguments and errors are those of :func:`classify`.

    A signal that is shorter than a window is one window. Otherwise a rest that completes no window is left out.
    """
    array = frames_first(samples, axis)
    with Classifier(sample_rate, _channels(array), model=model, limits=limits) as classifier:
        windows = list(classifier.timeline(array, bits=bits))
        classifier.finish()
        return windows or [classifier._window(0.0, len(array) / float(sample_rate))]


def _channels(array: npt.NDArray[np.generic]) -> int:
    return array.shape[1] if array.ndim == 2 else 1


def classify_file(path: str | os.PathLike[str] | BinaryIO, *, model: Model = None) -> Prediction:
    """Decode a wav, mp3, flac, ogg, m4a, aac, AIFF, AU, CAF, mkv or webm file and classify it.

    Args:
        path: A path, or a file that is open for reading bytes, which is read to its end.
        model: As for :func:`classify`.

    Raises:
        TimbrelError: if the file cannot be decoded as audio (``Status.FILE``, ``Status.RATE``), or the model costs more
            than the library allows (``Status.COST``).
        OSError: if the file or the model cannot be opened.
    """
    if isinstance(path, (bytes, bytearray, memoryview)):
        raise TypeError("path is bytes: pass the content of a file as io.BytesIO(content)")
    if not isinstance(path, (str, os.PathLike)):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "audio")
            with copy.open("wb") as file:
                shutil.copyfileobj(path, file)
            return classify_file(copy, model=model)
    # the library has one status for all faults of a file; Python tells them apart. A pipe can be opened only once.
    if not stat.S_ISFIFO(os.stat(path).st_mode):
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
    """Return the metadata of a model, however much it costs to run.

    Raises:
        TimbrelError: if the model is not valid (``Status.MODEL``).
        OSError: if it cannot be read.
    """
    content = _model_bytes(model)
    info, cost = _library.info(content), _library.cost(content)
    # labels come from a classifier; the format of its audio does not matter for them
    with Classifier(44100, model=content, limits=NO_LIMITS) as classifier:
        labels = classifier.labels
    return ModelInfo(
        labels,
        info.sample_rate,
        info.window_seconds,
        info.hop_seconds,
        info.logits_exponent,
        _library.embedding_size(content),
        Cost(cost.window, cost.second, cost.activations),
    )


@lru_cache(maxsize=1)
def _shipped() -> bytes:
    return Path(__file__).with_name("compact.timbrel").read_bytes()


def _model_bytes(model: Model) -> bytes:
    if model is None:
        return _shipped()
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model)
    return Path(model).read_bytes() if isinstance(model, (str, os.PathLike)) else model.read()


def _most(limits: Cost) -> _library.Cost:
    return _library.Cost(*(_unsigned(value, f"limits.{name}", 64) for name, value in vars(limits).items()))


def _unsigned(value: SupportsFloat, name: str, bits: int = 32) -> int:
    # resampy, librosa and others give rates as floats
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    try:
        value = int(value) if whole else operator.index(value)  # type: ignore[call-overload, arg-type]
    except TypeError:
        raise TypeError(f"{name} is {value!r}, not a whole number") from None
    # ctypes would truncate larger numbers
    if not 0 <= value < 2**bits:
        raise ValueError(f"{name} is {value}")
    return value


def _labels(handle: c_void_p, count: int) -> tuple[str, ...]:
    buffer = ctypes.create_string_buffer(LABEL_BYTES)
    labels = []
    for index in range(count):
        check(LIBRARY.timbrel_label(handle, index, buffer, len(buffer)))
        labels.append(buffer.value.decode())
    return tuple(labels)


def _prediction(result: Result, labels: tuple[str, ...], probabilities: ctypes.Array[c_float]) -> Prediction:
    return Prediction(
        genre=labels[result.class_index],
        confidence=result.confidence,
        probabilities=dict(zip(labels, probabilities)),
        windows=result.windows,
        state=tuple(State)[result.state],
        level_dbfs=result.level_dbfs,
        clipped=result.clipped,
        silent=result.silent,
        not_music=result.not_music,
        cancelled=result.cancelled,
        heard=result.heard,
        replaced=result.replaced,
        first_replaced=result.first_replaced if result.replaced else None,
        core_only=bool(result.core_only),
        cut_off=bool(result.cut_off),
    )
