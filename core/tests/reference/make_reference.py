#!/usr/bin/env python3
"""Synthesises signals and writes librosa's numbers for them to frontend.safetensors.

    pip install -r requirements.txt
    python make_reference.py

Keys are `SIGNAL.samples` (i16, 22,050 Hz, mono) and `SIGNAL.TENSOR` (f32, [bin, frame]). A tensor's name states
its front end: n_fft, hop, then mel bands or coefficients (for the variants see `variants`); `mel_db` and `log_stft`
are relative to the maximum of the signal. The signals are integer PCM, so that nothing depends on how they were synthesised.
"""

from pathlib import Path

import librosa
import numpy as np
from safetensors.numpy import save_file

RATE = 22_050
FULL_SCALE = 32_768


def pcm(signal):
    """From full scale +-1.0 to i16, clipped."""
    return np.clip(np.round(signal * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def seconds(duration):
    return np.arange(int(duration * RATE)) / RATE


def chirp():
    """50 Hz to the Nyquist frequency, exponential, at -6 dBFS."""
    t, duration, low, high = seconds(0.45), 0.45, 50.0, RATE / 2
    growth = np.log(high / low) / duration
    return 0.5 * np.sin(2 * np.pi * low / growth * (np.exp(growth * t) - 1))


def click():
    """One full-scale sample after 0.2 s of silence."""
    signal = np.zeros(int(0.3 * RATE))
    signal[int(0.2 * RATE)] = 1.0
    return signal


def noise():
    """White, uniform, full scale."""
    return np.random.default_rng(1).uniform(-1.0, 1.0, int(0.3 * RATE))


def short():
    """Three decaying tones, fewer samples than any frame."""
    t = seconds(700 / RATE)
    return sum(0.3 * np.sin(2 * np.pi * f * t) * np.exp(-20 * t) for f in (220.0, 1_330.0, 4_700.0))


def quiet():
    """A chord at -80 dBFS: about three steps of the 16-bit scale."""
    t = seconds(0.5)
    return 1e-4 * sum(np.sin(2 * np.pi * f * t) / 3 for f in (261.63, 329.63, 392.0))


def loud():
    """A square wave between the ends of the scale, falling silent in the middle of a frame."""
    t = seconds(0.5)
    return np.where(t < 0.31, np.sign(np.sin(2 * np.pi * 441.0 * t) + 1e-9), 0.0)


def silence():
    return np.zeros(int(0.15 * RATE))


SIGNALS = [chirp, click, noise, short, quiet, loud, silence]
# the largest tensor by far: only where single bins add something to the mel bands
WITH_STFT = {chirp, click, short}
# the choices that a front end has beside librosa's defaults
WITH_VARIANTS = {chirp}


def mel_db(y, n_fft, hop):
    mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=n_fft, hop_length=hop, n_mels=128)
    return librosa.power_to_db(mel, ref=np.max)


def features(y, with_stft):
    tensors = {
        "mel_power_2048_512_128": librosa.feature.melspectrogram(
            y=y, sr=RATE, n_fft=2048, hop_length=512, n_mels=128
        ),
        "mel_db_2048_512_128": mel_db(y, 2048, 512),
        "mel_db_1024_256_128": mel_db(y, 1024, 256),
        "mel_db_2048_1708_128": mel_db(y, 2048, 1708),
        "mfcc_2048_512_13": librosa.feature.mfcc(y=y, sr=RATE, n_fft=2048, hop_length=512, n_mfcc=13),
    }
    if with_stft:
        amplitude = np.abs(librosa.stft(y, n_fft=2048, hop_length=512))
        tensors["log_stft_2048_512"] = librosa.amplitude_to_db(amplitude, ref=np.max)
    return tensors


def variants(y):
    htk = {"n_fft": 1024, "hop_length": 256, "n_mels": 40, "htk": True, "norm": None}
    return {
        "mel_power_htk_reflect": librosa.feature.melspectrogram(
            y=y, sr=RATE, fmin=50.0, fmax=8_000.0, pad_mode="reflect", **htk
        ),
        "mel_power_slaney_uncentred": librosa.feature.melspectrogram(
            y=y, sr=RATE, n_fft=1024, hop_length=256, n_mels=64, center=False
        ),
        "mfcc_lifter_22": librosa.feature.mfcc(y=y, sr=RATE, n_fft=2048, hop_length=512, n_mfcc=13, lifter=22),
    }


def main():
    reference = {}
    for make in SIGNALS:
        samples = pcm(make())
        y = samples.astype(np.float32) / FULL_SCALE
        reference[f"{make.__name__}.samples"] = samples
        tensors = features(y, make in WITH_STFT)
        if make in WITH_VARIANTS:
            tensors |= variants(y)
        for name, tensor in tensors.items():
            reference[f"{make.__name__}.{name}"] = np.ascontiguousarray(tensor, dtype=np.float32)
    path = Path(__file__).with_name("frontend.safetensors")
    save_file(reference, path, metadata={"librosa": librosa.__version__, "sample_rate": str(RATE)})
    print(f"{path.name}: {len(reference)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
