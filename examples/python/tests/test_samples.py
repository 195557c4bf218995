"""Samples as arrays: their types, their shapes, and how they are cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import tune

import timbrel
from timbrel import Classifier, Status, TimbrelError


def test_how_audio_is_cut_makes_no_difference() -> None:
    samples = tune(44100, 2, 15)
    whole = timbrel.classify(samples, 44100)
    with Classifier(44100, 2) as classifier:
        interleaved = samples.reshape(-1)
        windows = 0
        for start in range(0, len(interleaved), 7919):
            windows += classifier.push(interleaved[start : start + 7919])
        assert windows == classifier.result().windows > 2
        logits = classifier.logits()
        assert logits.dtype == np.int32 and logits.shape == (10,) and logits.any()
        classifier.finish()
        assert classifier.result() == whole
        classifier.reset()
        with pytest.raises(TimbrelError) as error:
            classifier.result()
        assert error.value.status == Status.NO_RESULT
        # one big push classifies every window too
        assert classifier.push(samples) == windows
        assert classifier.push([]) == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((3999,), Status.RATE), ((44100, 0), Status.CHANNELS), ((44100, 9), Status.CHANNELS)],
)
def test_audio_of_a_form_that_is_not_supported(arguments: tuple, status: Status) -> None:
    with pytest.raises(TimbrelError) as error:
        Classifier(*arguments)
    assert error.value.status == status


def test_numbers_that_are_none() -> None:
    for bad in (-1, 2**32):
        with pytest.raises(ValueError, match=str(bad)):
            Classifier(bad)
    for bad in (44100.5, "44100", None):
        with pytest.raises(TypeError):
            Classifier(bad)  # type: ignore[arg-type]
    for rate in (np.int64(44100), 44100.0, np.float32(44100)):
        assert repr(Classifier(rate)) == "<timbrel.Classifier: 44100 Hz, 1 channels, 10 genres>"


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (np.zeros((4, 3)), ValueError),
        (np.zeros((1, 1, 1)), ValueError),
        (np.float32(0), ValueError),
        (np.zeros(4, dtype=np.uint16), TypeError),
        (np.zeros(4, dtype=bool), TypeError),
        (np.zeros(4, dtype=complex), TypeError),
        (["a", "b"], TypeError),
    ],
)
def test_arrays_that_are_no_samples(samples: object, kind: type[Exception]) -> None:
    with Classifier(44100, 2) as classifier, pytest.raises(kind):
        classifier.push(samples)  # type: ignore[arg-type]


def test_every_type_of_samples() -> None:
    exact = tune(22050, 2, 4)
    wanted = timbrel.classify(exact, 22050)
    wide = exact.astype(np.int64)
    for samples, bits in [
        (wide << 48, None),
        ((wide << 16).astype(np.int32), None),
        ((wide << 8).astype(np.int32), 24),
        (wide.astype(np.int32), 16),
        (exact / 32768, None),
        ((exact / 32768).astype(np.float32), None),
        (exact.astype(">i2"), None),
        ((exact / 32768).astype(np.longdouble), None),
    ]:
        assert timbrel.classify(samples, 22050, bits=bits) == wanted, (samples.dtype, bits)
    coarse = (exact >> 8).astype(np.int8)
    wanted = timbrel.classify(coarse / 128, 22050)
    assert timbrel.classify(coarse, 22050) == wanted
    assert timbrel.classify((coarse.astype(np.int16) + 128).astype(np.uint8), 22050) == wanted
    assert timbrel.classify((exact / 32768).astype(np.float16), 22050).windows == wanted.windows
    for samples, bits, kind in [(exact, 17, ValueError), (exact, 1, ValueError), (exact / 1.0, 16, TypeError)]:
        with pytest.raises(kind):
            timbrel.classify(samples, 22050, bits=bits)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_arrays_of_soundfile_and_scipy(tmp_path: Path, subtype: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    wavfile = pytest.importorskip("scipy.io.wavfile")
    path = tmp_path / "tune.wav"
    soundfile.write(path, tune(22050, 2, 4), 22050, subtype=subtype)
    wanted = timbrel.classify_file(path)
    rate, samples = wavfile.read(path)
    assert timbrel.classify(samples, rate).probabilities == pytest.approx(wanted.probabilities, abs=1e-6)
    # soundfile does not scale floats to integers
    for dtype in ("float64", "float32", "int32", "int16") if subtype.startswith("PCM") else ("float64", "float32"):
        samples, rate = soundfile.read(path, dtype=dtype)
        assert timbrel.classify(samples, rate).probabilities == pytest.approx(wanted.probabilities, abs=0.01), dtype


def test_channels_first() -> None:
    samples = tune(22050, 2, 4)
    wanted = timbrel.classify(samples, 22050)
    for axis in (1, -1):
        assert timbrel.classify(samples.T, 22050, axis=axis) == wanted
        with pytest.raises(ValueError, match="transpose"):
            timbrel.classify(samples, 22050, axis=axis)
    with pytest.raises(ValueError, match=r"transpose them \(samples.T\), or pass axis=1"):
        timbrel.classify(samples.T, 22050)
    with Classifier(22050, 2) as classifier:
        classifier.push(samples.T, axis=1)
        classifier.finish()
        assert classifier.result() == wanted


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300, -2e6])
def test_a_bad_sample_is_reported_and_skipped(bad: float) -> None:
    samples = tune(22050, 1, 12)[:, 0] / 32768
    at = 11 * 22050
    samples[at] = bad
    classifier = Classifier(22050)
    with pytest.raises(TimbrelError) as error:
        classifier.push(samples)
    assert error.value.status == Status.SAMPLE
    assert error.value.consumed == at
    # the windows before it are kept, and the caller may continue after it
    with Classifier(22050) as before:
        before.push(samples[:at])
        assert classifier.result() == before.result()
    classifier.push(samples[at + 1 :])
    classifier.finish()
    with pytest.raises(TimbrelError) as error:
        classifier.push(samples)
    assert error.value.status == Status.FINISHED


def test_nothing_heard() -> None:
    with pytest.raises(TimbrelError) as error:
        timbrel.classify(np.zeros(0, dtype=np.float32), 44100)
    assert error.value.status == Status.NO_AUDIO
