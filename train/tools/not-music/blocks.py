"""Signals and filters that the generators are made of; lengths are in samples of 22,050 Hz."""

import numpy as np

RATE = 22050
SECONDS = 6
N = RATE * SECONDS
TIME = np.arange(N) / RATE


def shaped(rng, gain, n=N):
    """Gaussian noise with the spectrum `gain(frequency in Hz)`."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(n, 1 / RATE)), n)


def filtered(x, gain):
    """`x` with its spectrum multiplied by `gain(frequency in Hz)`."""
    return np.fft.irfft(np.fft.rfft(x) * gain(np.fft.rfftfreq(len(x), 1 / RATE)), len(x))


def unit(x):
    """`x` at a root mean square of 1."""
    return x / max(np.sqrt(np.mean(x * x)), 1e-12)


def tilt(exponent):
    """Power proportional to f^exponent above 20 Hz."""
    return lambda f: np.where(f > 20, np.maximum(f, 20) ** (exponent / 2), 0)


def band(low, high, slope=4):
    """A band-pass with `slope` as its order."""
    return lambda f: 1 / np.sqrt((1 + (low / np.maximum(f, 1)) ** (2 * slope)) * (1 + (f / high) ** (2 * slope)))


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def wander(rng, hertz, n=N):
    """A smooth random curve of about `hertz` changes a second, mean 0 and variance 1."""
    return unit(shaped(rng, lambda f: (f < hertz) * 1.0, n))


def tone(frequency, phase=0.0):
    """A sine; `frequency` in Hz may change over time."""
    return np.sin(2 * np.pi * np.cumsum(np.broadcast_to(frequency, N)) / RATE + phase)


def harmonics(f0, levels):
    """Overtones of `f0` with the given levels, those above the band left out."""
    out = np.zeros(N)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(f0, N)) / RATE
    for index, level in enumerate(levels):
        number = index + 1
        if np.max(f0) * number < RATE / 2:
            out += level * np.sin(number * phase)
    return out


def events(rng, per_second, make):
    """`make(rng)` at random moments."""
    out = np.zeros(N)
    for _ in range(rng.poisson(per_second * SECONDS) + 1):
        add(out, make(rng), rng.integers(0, N))
    return out


def add(out, x, at):
    out[at : at + len(x)] += x[: max(0, len(out) - at)]


def decaying(rng, seconds, gain):
    """A burst of noise that dies away."""
    n = int(seconds * 5 * RATE) + 8
    return shaped(rng, gain, n) * np.exp(-np.arange(n) / RATE / seconds)


def room(rng, x):
    """`x` in a room of 0.1 to 1.2 s of reverberation."""
    response = decaying(rng, rng.uniform(0.1, 1.2) / 5, band(100, log_uniform(rng, 2000, 9000), 1))
    response = response / np.sqrt(np.sum(response**2)) * log_uniform(rng, 0.2, 1.5)
    response[0] += 1
    size = len(x) + len(response)
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: len(x)]


def noisy(rng, x, low=5, high=45):
    """`x` with noise of any colour, `low` to `high` dB below."""
    noise = unit(shaped(rng, tilt(rng.uniform(-2, 0.5)), len(x)))
    return unit(x) + noise * 10 ** (-rng.uniform(low, high) / 20)


def telephone(rng, x):
    return filtered(x, band(rng.uniform(200, 400), rng.uniform(2800, 3600)))
