"""Answers of the library as Python objects."""

from __future__ import annotations

from dataclasses import dataclass


def _top(probabilities: dict[str, float], count: int) -> list[tuple[str, float]]:
    return sorted(probabilities.items(), key=lambda item: -item[1])[: max(count, 0)]


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

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """Return the ``count`` likeliest genres with their probabilities, the likeliest first."""
        return _top(self.probabilities, count)

    def __str__(self) -> str:
        return f"{self.genre} ({self.confidence:.0%})"


@dataclass(frozen=True)
class Window:
    """The answer of one window alone.

    Attributes:
        start: Seconds from the beginning of the signal to that of the window.
        end: Seconds to the end of the window.
        genre: The most probable genre.
        confidence: Its probability, 0 to 1.
        probabilities: The probability of each genre, in the model's order.
    """

    start: float
    end: float
    genre: str
    confidence: float
    probabilities: dict[str, float]

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """Return the ``count`` likeliest genres with their probabilities, the likeliest first."""
        return _top(self.probabilities, count)

    def __str__(self) -> str:
        return f"{self.start:.1f} to {self.end:.1f} s: {self.genre} ({self.confidence:.0%})"


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
