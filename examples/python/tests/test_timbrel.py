"""The package as a user sees it, against the Rust program where TIMBREL_CLASSIFY names it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

import timbrel
from timbrel import Classifier, Status, TimbrelError

FIXTURES = Path(os.environ.get("TIMBREL_FIXTURES") or Path(__file__).parents[3] / "core/tests/fixtures")
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")


def tune(rate: int, channels: int, seconds: float) -> np.ndarray:
    """Make plucked notes, as 16-bit integers of shape (frames, channels)."""
    t = np.arange(int(rate * seconds)) / rate
    hz = 110 * 2 ** ((np.floor(t * 4) * 7 % 12) / 12)
    tone = np.sin(2 * np.pi * hz * t) * np.exp(-6 * (t * 4 % 1))
    return np.stack([20000 * tone * (1 - 0.3 * c) for c in range(channels)], axis=1).astype(np.int16)


def rust(*files: Path) -> list[dict]:
    """Return the output of the Rust program for files."""
    program = os.environ.get("TIMBREL_CLASSIFY")
    if not program:
        pytest.skip("TIMBREL_CLASSIFY does not name the program that examples/classify builds")
    done = subprocess.run([program, "--json", *map(str, files)], capture_output=True, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(prediction: timbrel.Prediction, wanted: dict) -> None:
    """Check equality to the last printed digit."""
    assert prediction.genre == wanted["genre"]
    assert prediction.windows == wanted["windows"]
    assert f"{prediction.confidence:.6f}" == f"{wanted['confidence']:.6f}"
    printed = {label: f"{p:.6f}" for label, p in prediction.probabilities.items()}
    assert printed == {label: f"{p:.6f}" for label, p in wanted["probabilities"].items()}
    assert list(printed) == list(wanted["probabilities"])


@pytest.mark.parametrize(("rate", "channels", "seconds"), [(44100, 2, 14), (22050, 1, 31), (48000, 3, 11), (8000, 1, 2)])
def test_arrays_and_files_equal_rust(tmp_path: Path, rate: int, channels: int, seconds: float) -> None:
    samples = tune(rate, channels, seconds)
    path = tmp_path / "tüne.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    (wanted,) = rust(path)
    same(timbrel.classify_file(path), wanted)
    same(timbrel.classify_file(str(path)), wanted)
    same(timbrel.classify(samples, rate), wanted)
    # decoders give 16-bit samples as fractions of 32768
    same(timbrel.classify(samples / 32768, rate), wanted)
    same(timbrel.classify((samples / 32768).astype(np.float32), rate), wanted)
    same(timbrel.classify(np.asfortranarray(samples).astype(">i2"), rate), wanted)


def test_compressed_files_equal_rust() -> None:
    files = [FIXTURES / f"tone.{kind}" for kind in ("flac", "m4a", "mp3", "ogg")]
    for file, wanted in zip(files, rust(*files)):
        same(timbrel.classify_file(file), wanted)


def test_music_equals_rust() -> None:
    if "TIMBREL_DATA" not in os.environ:
        pytest.skip("TIMBREL_DATA names no folder with music")
    files = sorted(Path(os.environ["TIMBREL_DATA"]).glob("cc/*.ogg"))
    assert files
    for file, wanted in zip(files, rust(*files)):
        same(timbrel.classify_file(file), wanted)


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


def test_the_embedding_is_the_mean_of_the_windows() -> None:
    samples = tune(22050, 1, 9)
    classifier = Classifier(22050)
    with pytest.raises(TimbrelError) as error:
        classifier.embedding()
    assert error.value.status == Status.NO_RESULT
    # the means after each window give the windows themselves back: integers from 0 to 255
    means, before = [], np.zeros(timbrel.model_info().embedding_size)
    for start in range(0, len(samples), 441):
        if classifier.push(samples[start : start + 441]):
            means.append(classifier.embedding())
    assert len(means) > 3
    for count, mean in enumerate(means, 1):
        assert mean.dtype == np.float32 and mean.shape == (96,)
        window = mean.astype(np.float64) * count - before
        assert np.abs(window - window.round()).max() < 1e-3
        assert window.round().min() >= 0 and 0 < window.round().max() <= 255
        before = before + window.round()


def test_the_model_tells_about_itself() -> None:
    info = timbrel.model_info()
    assert info.labels == GENRES == Classifier(8000).labels
    assert info.sample_rate == 22050 and info.embedding_size == 96
    assert 2.7 < info.window_seconds < 2.9 and 1.3 < info.hop_seconds < 1.5
    assert timbrel.library_version().count(".") == 2


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    content = (Path(timbrel.__file__).parent / "compact.timbrel").read_bytes()
    path = tmp_path / "own.timbrel"
    path.write_bytes(content)
    samples = tune(22050, 1, 3)
    shipped = timbrel.classify(samples, 22050)
    assert sum(shipped.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert timbrel.classify(samples, 22050, model=path) == shipped
    assert timbrel.classify(samples, 22050, model=content) == shipped
    for bad in (content[:1000], content[:-1] + b"x", b""):
        with pytest.raises(TimbrelError) as error:
            timbrel.classify(samples, 22050, model=bad)
        assert error.value.status == Status.MODEL
        assert str(error.value)
    with pytest.raises(FileNotFoundError):
        timbrel.classify(samples, 22050, model=tmp_path / "none")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((12345,), Status.RATE), ((44100, 0), Status.CHANNELS), ((44100, 9), Status.CHANNELS)],
)
def test_audio_of_a_form_that_is_not_supported(arguments: tuple, status: Status) -> None:
    with pytest.raises(TimbrelError) as error:
        Classifier(*arguments)
    assert error.value.status == status


def test_numbers_that_are_none() -> None:
    for bad in (-1, 2**32):
        with pytest.raises(ValueError, match=str(bad)):
            Classifier(bad)
    with pytest.raises(TypeError):
        Classifier(44100.0)  # type: ignore[arg-type]
    assert Classifier(np.int64(44100)).labels == GENRES  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (np.zeros((4, 3)), ValueError),
        (np.zeros((1, 1, 1)), ValueError),
        (np.float32(0), ValueError),
        (np.zeros(4, dtype=np.int32), TypeError),
        (np.zeros(4, dtype=np.uint8), TypeError),
        (np.zeros(4, dtype=complex), TypeError),
        (["a", "b"], TypeError),
    ],
)
def test_arrays_that_are_no_samples(samples: object, kind: type[Exception]) -> None:
    with Classifier(44100, 2) as classifier, pytest.raises(kind):
        classifier.push(samples)  # type: ignore[arg-type]


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


def test_files_that_are_no_music(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        timbrel.classify_file(tmp_path / "none.wav")
    with pytest.raises(IsADirectoryError):
        timbrel.classify_file(tmp_path)
    for content in (b"", b"this is not music", b"RIFF\x24\0\0\0WAVE"):
        path = tmp_path / "text.wav"
        path.write_bytes(content)
        with pytest.raises(TimbrelError) as error:
            timbrel.classify_file(path)
        assert error.value.status == Status.FILE


def test_a_closed_classifier() -> None:
    classifier = Classifier(44100)
    classifier.close()
    classifier.close()
    for call in (classifier.finish, classifier.result, classifier.reset, classifier.logits, classifier.embedding):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_threads_give_the_same_answers() -> None:
    samples = tune(22050, 1, 20)
    wanted = timbrel.classify(samples, 22050)
    answers: list[timbrel.Prediction] = []
    shared = Classifier(22050)

    def work() -> None:
        answers.append(timbrel.classify(samples, 22050))
        # the order of the threads is undefined, but nothing breaks
        shared.push(samples)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 4
    shared.finish()
    assert shared.result().windows == timbrel.classify(np.tile(samples, (4, 1)), 22050).windows
