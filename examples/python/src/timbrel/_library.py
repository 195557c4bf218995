"""libtimbrel through ctypes: the declarations of timbrel.h, and its errors as exceptions."""

from __future__ import annotations

import ctypes
import enum
import sys
from ctypes import POINTER, Structure, byref, sizeof
from ctypes import c_char_p, c_float, c_int, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

ABI_VERSION = 1
LABEL_BYTES = 128


class Status(enum.IntEnum):
    """Kind of a failure in the library: the values of ``timbrel_status``."""

    NULL = 1
    MODEL = 2
    MEMORY = 3
    RATE = 4
    CHANNELS = 5
    SAMPLE = 6
    FINISHED = 7
    NO_RESULT = 8
    NO_AUDIO = 9
    STRUCT_SIZE = 10
    BUFFER = 11
    CLASS = 12
    FILE = 13
    INTERNAL = 14
    NO_EMBEDDING = 15
    ARGUMENT = 16
    COST = 17
    TOO_SHORT = 18


class TimbrelError(Exception):
    """A failure in the library.

    Attributes:
        status: Kind of the failure.
        consumed: Samples that :meth:`Classifier.push` took before it failed, all channels counted. With
            ``Status.SAMPLE`` the bad sample is the one at this index.
    """

    def __init__(self, status: Status, message: str, consumed: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.consumed = consumed

    def __reduce__(self) -> tuple[type[TimbrelError], tuple[Status, str, int]]:
        # by default an exception is pickled with the arguments of Exception, which lack the status
        return type(self), (self.status, str(self), self.consumed)


class Config(Structure):
    _fields_ = [("struct_size", c_uint32), ("sample_rate", c_uint32), ("channels", c_uint32)]


class Info(Structure):
    _fields_ = [
        ("sample_rate", c_uint32),
        ("class_count", c_uint32),
        ("window_seconds", c_float),
        ("hop_seconds", c_float),
        ("logits_exponent", c_uint32),
    ]


class Cost(Structure):
    _fields_ = [("struct_size", c_uint32), ("window", c_uint64), ("second", c_uint64), ("activations", c_uint64)]

    def __init__(self, *values: int) -> None:
        super().__init__(sizeof(Cost), *values)


class Result(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("class_index", c_uint32),
        ("confidence", c_float),
        ("windows", c_uint32),
        ("class_count", c_uint32),
        ("state", c_int),
        ("level_dbfs", c_float),
        ("clipped", c_float),
        ("silent", c_float),
        ("not_music", c_float),
        ("cancelled", c_float),
        ("heard", c_float),
        ("replaced", c_uint32),
        ("first_replaced", c_uint32),
        ("core_only", c_uint32),
        ("cut_off", c_uint32),
    ]

    def __init__(self) -> None:
        super().__init__(struct_size=sizeof(Result))


# timbrel.h's parameters; pointers to samples and models are passed as addresses
_SIGNATURES: dict[str, list[Any]] = {
    "timbrel_model_info": [c_char_p, c_size_t, POINTER(Info)],
    "timbrel_model_embedding": [c_char_p, c_size_t, POINTER(c_size_t)],
    "timbrel_model_cost": [c_char_p, c_size_t, POINTER(Cost)],
    "timbrel_classifier_new_within": [c_char_p, c_size_t, POINTER(Config), POINTER(Cost), POINTER(c_void_p)],
    "timbrel_classifier_new": [c_char_p, c_size_t, POINTER(Config), POINTER(c_void_p)],
    "timbrel_classifier_push_f32": [c_void_p, c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_uint8)],
    "timbrel_classifier_push_i16": [c_void_p, c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_uint8)],
    "timbrel_classifier_push_i32": [c_void_p, c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_uint8)],
    "timbrel_classifier_finish": [c_void_p],
    "timbrel_classifier_reset": [c_void_p],
    "timbrel_classifier_result": [c_void_p, POINTER(Result), POINTER(c_float), c_size_t],
    "timbrel_classifier_window": [c_void_p, POINTER(c_int), POINTER(c_float), c_size_t],
    "timbrel_classifier_logits": [c_void_p, POINTER(c_int32), c_size_t],
    "timbrel_classifier_embedding": [c_void_p, POINTER(c_float), c_size_t, POINTER(c_size_t)],
    "timbrel_label": [c_void_p, c_uint32, c_char_p, c_size_t],
    "timbrel_classify_file": [
        *[c_char_p, c_size_t, c_char_p, POINTER(Result), POINTER(c_float), c_size_t],
        *[c_char_p, c_size_t],
    ],
}


def _load() -> ctypes.CDLL:
    name = {"win32": "timbrel.dll", "darwin": "libtimbrel.dylib"}.get(sys.platform, "libtimbrel.so")
    library = ctypes.CDLL(str(Path(__file__).with_name(name)))
    library.timbrel_abi_version.restype = c_uint32
    library.timbrel_version.restype = c_char_p
    library.timbrel_last_error.restype = c_char_p
    library.timbrel_classifier_free.argtypes = [c_void_p]
    library.timbrel_classifier_free.restype = None
    if library.timbrel_abi_version() != ABI_VERSION:
        raise ImportError(f"{name} does not belong to this version of the package")
    for name, parameters in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes = parameters
        function.restype = c_int
    return library


LIBRARY = _load()


def check(status: int, consumed: int = 0) -> None:
    """Raise the failure of the call on this thread that returned ``status``, if it failed."""
    if status != 0:
        message: bytes = LIBRARY.timbrel_last_error()
        raise TimbrelError(Status(status), message.decode("utf-8", "replace"), consumed)


def library_version() -> str:
    """Return the version of the library inside this package, for example ``"0.1.0"``."""
    version: bytes = LIBRARY.timbrel_version()
    return version.decode()


def info(model: bytes) -> Info:
    """Return the metadata of a model."""
    found = Info()
    check(LIBRARY.timbrel_model_info(model, len(model), byref(found)))
    return found


def embedding_size(model: bytes) -> int:
    """Return the number of values of a model's embedding, 0 if it has none."""
    found = c_size_t()
    check(LIBRARY.timbrel_model_embedding(model, len(model), byref(found)))
    return found.value


def cost(model: bytes) -> Cost:
    """Return what a model costs to run."""
    found = Cost()
    check(LIBRARY.timbrel_model_cost(model, len(model), byref(found)))
    return found
