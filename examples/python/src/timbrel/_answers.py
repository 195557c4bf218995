"""Answers of the library as Python objects."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(str, enum.Enum):
    """Whether audio is music whose genre the model knows; equal to its name in lower case, such as ``"not_music"``."""

    MUSIC = "music"
    SILENCE = "silence"
    NOT_MUSIC = "not_music"
    UNSURE = "unsure"

    def __str__(self) -> str:
        return self.value


def _top(probabilities: dict[str, float], count: int) -> list[tuple[str, float]]:
    return sorted(probabilities.items(), key=lambda item: -item[1])[: max(count, 0)]


def _said(state: State, genre: str, confidence: float) -> str:
    named = f"{genre} ({confidence:.0%})"
    return {State.MUSIC: named, State.UNSURE: f"unsure, perhaps {named}"}.get(state, state.replace("_", " "))


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        genre: The most probable genre. It is always there; ``state`` tells whether it means anything.
        confidence: Its probability, 0 to 1.
        probabilities: The probability of each genre, in the model's order: the softmax of
            the windows' mean logits.
        windows: Windows of the audio, silent ones included.
        state: Whether the audio is music whose genre the model knows.
        level_dbfs: Root mean square of the audio in dB relative to full scale; at least -120.
        clipped: Share of the samples at or beyond full scale, 0 to 1.
        silent: Share of the audio below -84 dBFS, 0 to 1.
        not_music: Share of the windows that the model rejects, among those that are not silent, 0 to 1.
        cancelled: Share of the audio whose channels cancel each other, 0 to 1; its loudest channel was heard instead.
        heard: Share of the audio that a file announces which could be decoded, 0 to 1; 1 for samples.
        replaced: Number of a file's samples that were not finite and were replaced by silence.
        first_replaced: Index of the first of them among the interleaved samples, ``None`` if there is none.
        core_only: Whether a file is HE-AAC, of which only the core was heard, without the band above it.
        cut_off: Whether a part of a file is missing without any word of how much, which ``heard`` cannot tell: it ends within
            a frame or without its last page, or its beginning is missing.
    """

    genre: str
    confidence: float
    probabilities: dict[str, float]
    windows: int
    state: State
    level_dbfs: float
    clipped: float
    silent: float
    not_music: float
    cancelled: float
    heard: float = 1.0
    replaced: int = 0
    first_replaced: int | None = None
    core_only: bool = False
    cut_off: bool = False

    @property
    def warnings(self) -> list[str]:
        """Notes on a file that belong beside the answer, a sentence each."""
        notes = []
        if self.heard < 0.9:
            notes.append(f"only {self.heard:.0%} of the audio could be decoded")
        if self.cut_off:
            notes.append("the file is cut off; it does not say how much of it is missing")
        if self.replaced:
            notes.append(
                f"samples that are not a number or infinite were replaced by silence: {self.replaced}, "
                f"the first at index {self.first_replaced}"
            )
        if self.core_only:
            notes.append("HE-AAC: heard without the band that it adds above its core")
        if self.cancelled > 0.1:
            notes.append(f"the channels cancel each other in {self.cancelled:.0%} of the audio; the loudest one was heard")
        if self.clipped > 0.05:
            notes.append(
                f"{self.clipped:.0%} of the samples are at full scale: the sound is clipped, and the answer may suffer"
            )
        return notes

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """Return the ``count`` likeliest genres with their probabilities, the likeliest first."""
        return _top(self.probabilities, count)

    def __str__(self) -> str:
        return _said(self.state, self.genre, self.confidence)


@dataclass(frozen=True)
class Window:
    """The answer for one window alone, as for audio that consists of it.

    Attributes:
        start: Seconds from the beginning of the signal to that of the window.
        end: Seconds to the end of the window.
        genre: The most probable genre. It is always there; ``state`` tells whether it means anything.
        confidence: Its probability, 0 to 1.
        probabilities: The probability of each genre, in the model's order; all the same if the window is silent.
        state: Whether the window is music whose genre the model knows.
    """

    start: float
    end: float
    genre: str
    confidence: float
    probabilities: dict[str, float]
    state: State

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """Return the ``count`` likeliest genres with their probabilities, the likeliest first."""
        return _top(self.probabilities, count)

    def __str__(self) -> str:
        return f"{self.start:.1f} to {self.end:.1f} s: {_said(self.state, self.genre, self.confidence)}"


@dataclass(frozen=True)
class Cost:
    """What a model costs to run, or the most that it may cost.

    Products with their sums count as one operation each.

    Attributes:
        window: Multiply-adds of one window, which is computed inside a push.
        second: Multiply-adds of one second of audio.
        activations: Bytes of the activations that are kept at a time, a part of the memory.
    """

    window: int
    second: int
    activations: int


#: Limits within which every valid model is.
NO_LIMITS = Cost(2**64 - 1, 2**64 - 1, 2**64 - 1)


@dataclass(frozen=True)
class ModelInfo:
    """Metadata of a model.

    Attributes:
        labels: The genres.
        sample_rate: Rate in Hz to which audio is resampled; any rate from 4,000 to 768,000 may be pushed.
        window_seconds: Seconds of audio in a window.
        hop_seconds: Seconds from one window to the next.
        logits_exponent: A logit's value is its integer times 2 to the power of minus this.
        embedding_size: Values of :meth:`Classifier.embedding`; 0 for a model without an embedding.
        cost: What it costs to run.
    """

    labels: tuple[str, ...]
    sample_rate: int
    window_seconds: float
    hop_seconds: float
    logits_exponent: int
    embedding_size: int
    cost: Cost
