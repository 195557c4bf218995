"""The package as a user sees it, against the Rust program where TIMBREL_CLASSIFY names it."""

from __future__ import annotations

import dataclasses
import io
import json
import multiprocessing
import os
import pickle
import struct
import subprocess
import sys
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from helpers import FIXTURES, rust, same, tune

import timbrel
from timbrel import Classifier, Status, TimbrelError

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")


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
    files = [FIXTURES / f"second.{kind}" for kind in ("flac", "m4a", "mp3", "ogg")]
    for file, wanted in zip(files, rust(*files)):
        same(timbrel.classify_file(file), wanted)


def test_music_equals_rust() -> None:
    if "TIMBREL_DATA" not in os.environ:
        pytest.skip("TIMBREL_DATA names no folder with music")
    files = sorted(Path(os.environ["TIMBREL_DATA"]).glob("cc/*.ogg"))
    assert files
    for file, wanted in zip(files, rust(*files)):
        same(timbrel.classify_file(file), wanted)


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
    assert 2.9 < info.window_seconds < 3.1 and 1.4 < info.hop_seconds < 1.6
    assert timbrel.library_version().count(".") == 2 and timbrel.__version__ == timbrel.library_version()


def test_a_model_beyond_the_limits_is_refused_with_its_cost() -> None:
    cost = timbrel.model_info().cost
    # the compact model's convolutions alone are some millions of products
    assert 1e6 < cost.window < cost.second < 1e8 and 1e4 < cost.activations < 1e6
    samples = tune(22050, 1, 6)
    wanted = timbrel.classify(samples, 22050)
    for limits in (cost, timbrel.NO_LIMITS):
        assert timbrel.classify(samples, 22050, limits=limits) == wanted
    for name, value in vars(cost).items():
        limits = dataclasses.replace(cost, **{name: value - 1})
        for call in (timbrel.classify, timbrel.timeline):
            with pytest.raises(TimbrelError, match=str(value)) as error:
                call(samples, 22050, limits=limits)
            assert error.value.status == Status.COST
    for wrong in (-1, 2**64):
        with pytest.raises(ValueError, match="limits.second"):
            Classifier(22050, limits=dataclasses.replace(cost, second=wrong))


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


def test_the_timeline_has_every_window() -> None:
    samples = tune(22050, 2, 12)
    info, wanted = timbrel.model_info(), timbrel.classify(samples, 22050)
    windows = timbrel.timeline(samples, 22050)
    assert len(windows) in (wanted.windows, wanted.windows - 1)
    # the answer of one window shows the model's scale of confidence
    with Classifier(22050, 2) as classifier:
        classifier.push(samples[:22050])
        classifier.finish()
        sure, single = np.log(list(classifier.result().probabilities.values())), classifier.logits()
    scale = np.ptp(sure) / np.ptp(single)
    logits = np.zeros(len(GENRES))
    classifier = Classifier(22050, 2)
    blocks = iter(range(0, len(samples), 147))
    for i, window in enumerate(windows):
        assert window.end - window.start == pytest.approx(info.window_seconds, abs=1e-6)
        assert window.start == pytest.approx(i * info.hop_seconds, abs=1e-6)
        while classifier.push(samples[(at := next(blocks)) : at + 147]) == 0:
            pass
        values = np.exp(scale * (classifier.logits() - classifier.logits().max()))
        assert list(window.probabilities.values()) == pytest.approx(list(values / values.sum()), abs=1e-4)
        assert window.top(1) == [(window.genre, window.confidence)]
        logits += classifier.logits()
    assert logits.any()
    (short,) = timbrel.timeline(samples[:22050], 22050.0)
    assert (short.start, short.end) == (0, 1)
    alone = timbrel.classify(samples[:22050], 22050)
    assert (short.genre, short.probabilities, short.state) == (alone.genre, alone.probabilities, alone.state)


def test_the_timeline_tells_silence_and_noise_from_music() -> None:
    silence, noise = np.zeros(22050 * 6), np.random.default_rng(1).normal(0, 0.1, 22050 * 6)
    music = tune(22050, 1, 6)[:, 0] / 32768
    windows = timbrel.timeline(np.concatenate([music, silence, noise]), 22050)
    # those that are inside one part
    parts = [[w for w in windows if start <= w.start and w.end <= start + 6] for start in (0, 6, 12)]
    assert all(len(part) >= 2 for part in parts)
    heard, silent, noisy = ({window.state for window in part} for part in parts)
    assert heard <= {timbrel.State.MUSIC, timbrel.State.UNSURE}
    assert silent == {timbrel.State.SILENCE} and noisy == {timbrel.State.NOT_MUSIC}
    quiet = parts[1][0]
    assert list(quiet.probabilities.values()) == pytest.approx([0.1] * 10)
    assert str(quiet) == f"{quiet.start:.1f} to {quiet.end:.1f} s: silence"
    assert str(parts[2][0]).endswith(" s: not music")


def test_the_likeliest_come_first() -> None:
    answer = timbrel.classify(tune(22050, 1, 4), 22050)
    assert answer.top() == sorted(answer.probabilities.items(), key=lambda item: -item[1])[:3]
    assert answer.top(1) == [(answer.genre, answer.confidence)]
    assert len(answer.top(99)) == 10 and answer.top(0) == []
    named = f"{answer.genre} ({answer.confidence:.0%})"
    assert str(answer) == {"music": named, "unsure": f"unsure, perhaps {named}"}[answer.state]


def test_silence_is_not_a_genre() -> None:
    answer = timbrel.classify(np.zeros((22050 * 4, 2), dtype=np.int16), 22050)
    assert answer.state is timbrel.State.SILENCE and answer.state == "silence" and str(answer) == "silence"
    assert (answer.silent, answer.level_dbfs, answer.clipped) == (1, -120, 0)
    loud = timbrel.classify(np.full(22050 * 4, 1.0) * np.sign(np.sin(np.arange(22050 * 4) / 9)), 22050)
    assert loud.level_dbfs == pytest.approx(0, abs=0.2) and loud.clipped > 0.9 and loud.silent == 0
    assert "clipped" in "\n".join(loud.warnings) and answer.warnings == []
    opposite = tune(22050, 1, 4)[:, 0]
    assert timbrel.classify(np.stack([opposite, -opposite], axis=1), 22050).cancelled > 0.5


def test_errors_cross_processes() -> None:
    error = TimbrelError(Status.SAMPLE, "a bad sample", 7)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.status, str(copy), copy.consumed) == (TimbrelError, Status.SAMPLE, "a bad sample", 7)
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(TimbrelError) as raised:
        pool.map(timbrel.classify_file, [__file__])
    assert raised.value.status == Status.FILE


def test_files_that_are_open() -> None:
    path = FIXTURES / "second.mp3"
    wanted = timbrel.classify_file(path)
    with path.open("rb") as file:
        assert timbrel.classify_file(file) == wanted
    model = (Path(timbrel.__file__).parent / "compact.timbrel").read_bytes()
    for form in (bytearray(model), memoryview(model), io.BytesIO(model)):
        assert timbrel.classify_file(io.BytesIO(path.read_bytes()), model=form) == wanted


def test_the_command_line(tmp_path: Path) -> None:
    bad = tmp_path / "text.wav"
    bad.write_text("this is not music")
    path = FIXTURES / "second.flac"
    wanted = timbrel.classify_file(path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "timbrel", *map(str, arguments)], capture_output=True, text=True)

    done = run("--json", bad, path)
    assert done.returncode == 1
    failed, answered = map(json.loads, done.stdout.splitlines())
    assert failed["file"] == str(bad) and failed["error"]
    assert answered["genre"] == wanted.genre and answered["probabilities"] == wanted.probabilities
    done = run("--top", 1, path)
    assert done.returncode == 0 and done.stdout.startswith(f"{path}: ") and str(wanted).split()[0] in done.stdout
    assert run("--version").stdout == f"timbrel {timbrel.__version__}\n"


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


def test_damage_is_told(tmp_path: Path) -> None:
    samples = (tune(44100, 1, 6)[:, 0] / 32768).astype("<f4")
    samples[[1005, 50007]] = np.nan, np.inf
    data = samples.tobytes()
    # broken off after half of what the header announces
    head = struct.pack("<IHHIIHH4sI", 16, 3, 1, 44100, 176400, 4, 32, b"data", 2 * len(data))
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", 36 + 2 * len(data)) + b"WAVEfmt " + head + data)
    answer = timbrel.classify_file(path)
    assert answer.heard == pytest.approx(0.5, abs=1e-3)
    assert (answer.replaced, answer.first_replaced, answer.core_only) == (2, 1005, False)
    assert [note.split()[0] for note in answer.warnings] == ["only", "samples"]
    done = subprocess.run([sys.executable, "-m", "timbrel", str(path)], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"{path}: {note}" for note in answer.warnings]
    healthy = timbrel.classify(samples[:1000].repeat(100), 44100)
    assert (healthy.heard, healthy.replaced, healthy.first_replaced) == (1.0, 0, None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe, whole = tmp_path / "pipe", FIXTURES / "second.flac"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(whole.read_bytes(),))
    writer.start()
    answer = timbrel.classify_file(pipe)
    writer.join()
    assert answer == timbrel.classify_file(whole)


def test_what_is_no_path_and_no_rate_is_named() -> None:
    with pytest.raises(TypeError, match="BytesIO"):
        timbrel.classify_file(b"RIFF")  # type: ignore[arg-type]
    for rate in (44100.5, "44100"):
        with pytest.raises(TypeError, match=f"sample_rate is {rate!r}, not a whole number"):
            Classifier(rate)  # type: ignore[arg-type]


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    whole = FIXTURES / "second.flac"
    assert not timbrel.classify_file(whole).cut_off
    path = tmp_path / "cut.flac"
    # without its beginning
    path.write_bytes(whole.read_bytes()[5:])
    answer = timbrel.classify_file(path)
    assert answer.cut_off
    assert answer.warnings == ["the file is cut off; it does not say how much of it is missing"]


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
