"""Makes sounds that are not music, to fit and to test a model's rejection: make.py OUT --packages FOLDER [--seed N] [--clips N].

Writes OUT/train/GENERATOR/NN.wav and OUT/test/GENERATOR/NN.wav, 6 s each, 22,050 Hz mono. A generator stands on one side only: a model
that is fitted on "train" meets other kinds of sound in "test", not other examples of the same kinds. The same seed makes the same
bytes, given the same versions of the programs espeak-ng, flite and ffmpeg and of NumPy. FOLDER is what packages.sh fetched.
"""

import argparse
import functools
import io
import subprocess
import wave
import zlib
from pathlib import Path

import numpy as np

RATE = 22050
SECONDS = 6
N = RATE * SECONDS
TIME = np.arange(N) / RATE
PACKAGES = Path()


# Building blocks


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


# Noise and tones


def noise_dark(rng):
    return shaped(rng, tilt(rng.uniform(-4, -1.4)))


def noise_bright(rng):
    return shaped(rng, tilt(rng.uniform(0.4, 2)))


def noise_of_bands(rng):
    out = np.zeros(N)
    for _ in range(rng.integers(1, 4)):
        low = log_uniform(rng, 60, 6000)
        out += unit(shaped(rng, band(low, low * log_uniform(rng, 1.1, 6), rng.integers(1, 8)))) * rng.uniform(0.2, 1)
    return out


def noise_equalised(rng):
    points = rng.normal(0, rng.uniform(2, 12), 12)
    at = np.geomspace(40, RATE / 2, 12)
    return shaped(rng, lambda f: 10 ** (np.interp(f, at, points) / 20) * tilt(rng.uniform(-1.5, 0.3))(f))


def noise_surging(rng):
    swell = 1 + rng.uniform(0.3, 0.95) * np.clip(wander(rng, log_uniform(rng, 0.2, 6)), -1, 1)
    return shaped(rng, band(log_uniform(rng, 40, 300), log_uniform(rng, 500, 9000), 1)) * swell


def tone_steady(rng):
    f = log_uniform(rng, 60, 900) if rng.random() < 0.6 else log_uniform(rng, 1150, 9000)
    return noisy(rng, tone(f), 20, 90)


def tones_together(rng):
    out = sum(tone(log_uniform(rng, 60, 8000), rng.uniform(0, 6)) * rng.uniform(0.1, 1) for _ in range(rng.integers(2, 6)))
    return noisy(rng, out, 20, 80)


def wave_forms(rng):
    f = log_uniform(rng, 40, 2000)
    count = int(RATE / 2 / f)
    odd = rng.random() < 0.5
    return noisy(rng, harmonics(f, [(1 / k if k % 2 or not odd else 0) for k in range(1, count + 1)]), 20, 80)


def sweeps(rng):
    f = np.geomspace(log_uniform(rng, 30, 800), log_uniform(rng, 1500, 10500), N)
    return noisy(rng, tone(f if rng.random() < 0.5 else f[::-1]), 20, 80)


def beeps(rng):
    period, share = rng.uniform(0.2, 1.5), rng.uniform(0.15, 0.7)
    on = ((TIME + rng.uniform(0, 1)) % period < period * share) * 1.0
    x = harmonics(log_uniform(rng, 400, 3500), [1, rng.uniform(0, 0.6), rng.uniform(0, 0.4)])
    return noisy(rng, x * np.convolve(on, np.ones(60) / 60, "same"), 20, 70)


def sirens(rng):
    rate, low = rng.uniform(0.15, 3), log_uniform(rng, 350, 1200)
    shape = np.sin(2 * np.pi * rate * TIME)
    if rng.random() < 0.5:
        shape = np.sign(shape)
    f = low * (1 + rng.uniform(0.1, 0.6) * (1 + shape))
    return noisy(rng, room(rng, harmonics(f, [1, 0.5, 0.3, 0.2, 0.1])), 10, 50)


def hum_of_50_hz(rng):
    levels = rng.uniform(0, 1, 20) / np.arange(1, 21) ** rng.uniform(0, 1.5)
    return noisy(rng, harmonics(50.0, levels), 0, 60)


def keypad(rng):
    low, high = [697, 770, 852, 941], [1209, 1336, 1477, 1633]
    out, at = np.zeros(N), 0
    while at < N:
        length = int(rng.uniform(0.06, 0.3) * RATE)
        t = np.arange(length) / RATE
        add(out, np.sin(2 * np.pi * rng.choice(low) * t) + np.sin(2 * np.pi * rng.choice(high) * t), at)
        at += length + int(rng.uniform(0.04, 0.3) * RATE)
    return noisy(rng, out, 15, 60)


# Machines, weather, small noises


def engines(rng):
    f0 = log_uniform(rng, 15, 160) * (1 + 0.05 * wander(rng, 2) + rng.uniform(0, 0.4) * np.sin(TIME * rng.uniform(0.2, 2)))
    x = harmonics(np.maximum(f0, 5), rng.uniform(0, 1, 60) / np.arange(1, 61) ** rng.uniform(0.2, 1.2))
    exhaust = shaped(rng, tilt(rng.uniform(-2, 0))) * (1 + np.sign(x) * rng.uniform(0, 0.9))
    return unit(x) + unit(exhaust) * rng.uniform(0.1, 1.5)


def propellers(rng):
    f0 = rng.uniform(8, 40)
    blow = np.maximum(np.sin(2 * np.pi * f0 * TIME), 0) ** rng.uniform(2, 12)
    return shaped(rng, tilt(rng.uniform(-3, -0.5))) * (rng.uniform(0.05, 0.5) + blow)


def rain(rng):
    drops = np.where(rng.random(N) < log_uniform(rng, 300, 4000) / RATE, rng.exponential(1, N), 0)
    x = filtered(drops, band(log_uniform(rng, 500, 2500), log_uniform(rng, 5000, 10500), 2))
    return unit(x) + unit(shaped(rng, tilt(rng.uniform(-1.5, 0)))) * rng.uniform(0.1, 1)


def drips(rng):
    def drip(rng):
        n = int(0.12 * RATE)
        t = np.arange(n) / RATE
        f = log_uniform(rng, 500, 2500) * (1 + rng.uniform(0, 8) * t)
        return np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-t * rng.uniform(25, 90)) * rng.exponential(1)

    return noisy(rng, room(rng, events(rng, log_uniform(rng, 1, 25), drip)), 15, 60)


def ticks(rng):
    period = int(rng.uniform(0.25, 1.1) * RATE)
    kinds = [decaying(rng, rng.uniform(0.001, 0.012), band(log_uniform(rng, 800, 3000), log_uniform(rng, 4000, 10000), 1)) for _ in range(2)]
    out = np.zeros(N)
    for index, at in enumerate(range(rng.integers(0, period), N, period)):
        add(out, kinds[index % 2], at)
    return noisy(rng, room(rng, out), 15, 65)


def crackle(rng):
    def crack(rng):
        return decaying(rng, log_uniform(rng, 0.0003, 0.006), band(log_uniform(rng, 200, 3000), 9000, 1)) * rng.pareto(1.6)

    bed = shaped(rng, tilt(rng.uniform(-3, -1)))
    return unit(events(rng, log_uniform(rng, 4, 60), crack)) + unit(bed) * rng.uniform(0.02, 0.7)


def knocks(rng):
    def knock(rng):
        low = log_uniform(rng, 80, 900)
        return decaying(rng, rng.uniform(0.01, 0.08), band(low, low * rng.uniform(1.5, 5), 2)) * rng.uniform(0.3, 1)

    return noisy(rng, room(rng, events(rng, log_uniform(rng, 0.7, 6), knock)), 15, 60)


def whistles_of_wind(rng):
    centre = log_uniform(rng, 200, 1500)
    gusts = np.exp(0.6 * wander(rng, 0.8))
    x = np.zeros(N)
    for detune in rng.uniform(0.8, 1.25, 3):
        x += unit(shaped(rng, band(centre * detune, centre * detune * 1.05, 6))) * np.clip(gusts, 0, 4)
    return unit(x) * rng.uniform(0.2, 1) + unit(shaped(rng, tilt(rng.uniform(-3, -1))) * gusts)


def nearly_silent(rng):
    x = rng.standard_normal(N) if rng.random() < 0.5 else shaped(rng, tilt(rng.uniform(-2, 0)))
    return unit(x) * 10 ** (-rng.uniform(66, 84) / 20)


# Voices of animals and people, without words


def cries(rng):
    def cry(rng):
        n = int(rng.uniform(0.3, 1.4) * RATE)
        t = np.linspace(0, 1, n)
        f = log_uniform(rng, 250, 700) * (1 + rng.uniform(0.1, 0.7) * np.sin(np.pi * t ** rng.uniform(0.5, 2)) + 0.02 * np.sin(t * rng.uniform(10, 60)))
        phase = 2 * np.pi * np.cumsum(f) / RATE
        x = sum(np.sin(k * phase) / k ** rng.uniform(0.3, 1.0) for k in range(1, 13))
        formant = log_uniform(rng, 700, 3500)
        x = filtered(x, band(formant / 2, formant * 2, 1)) + 0.1 * rng.standard_normal(n)
        return x * np.sin(np.pi * t) ** 0.3 * rng.uniform(0.4, 1)

    return noisy(rng, room(rng, events(rng, rng.uniform(0.5, 1.2), cry)), 8, 50)


def barks(rng):
    def bark(rng):
        n = int(rng.uniform(0.08, 0.35) * RATE)
        t = np.linspace(0, 1, n)
        f = log_uniform(rng, 150, 900) * (1 + rng.uniform(0, 0.5) * np.sin(np.pi * t))
        phase = 2 * np.pi * np.cumsum(f) / RATE
        x = sum(np.sin(k * phase) * rng.uniform(0.2, 1) / k**0.4 for k in range(1, 10)) + rng.uniform(0.3, 3) * rng.standard_normal(n)
        low = log_uniform(rng, 250, 900)
        return filtered(x, band(low, low * rng.uniform(2, 6), 1)) * np.sin(np.pi * t) ** 0.5 * np.exp(-2 * t)

    return noisy(rng, room(rng, events(rng, rng.uniform(0.5, 3), bark)), 8, 50)


def babble(rng):
    """A crowd: many voices of other languages at once."""
    voices = [spoken(rng, ["en-us", "de", "fr-fr", "nl", "sv", "pt"], n=N) for _ in range(rng.integers(5, 10))]
    return noisy(rng, room(rng, sum(unit(voice) * rng.uniform(0.3, 1) for voice in voices)), 10, 40)


# Speech

SENTENCES = """the train to the coast leaves from the other side at a quarter past nine
please hold the line, one of our people will be with you shortly
she put the keys on the table and went out without a word
in the north there will be rain and a strong wind from the west, later clearing
my brother bought a used car last week and it has not started since
what we know so far is that nobody was hurt
turn left after the bridge and go on until you see the church
add the flour slowly, stir it well and let it rest for half an hour
the committee will meet again on thursday to talk about the new school
can you hear me now? I am standing right beside the window""".split("\n")


@functools.cache
def decode(data, *form):
    """The samples of a sound file, mono at 22,050 Hz."""
    command = ["ffmpeg", "-loglevel", "error", *form, "-i", "pipe:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"]
    out = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(out, "<i2") / 32768


def cut(rng, x, n=N):
    """`n` samples of `x` from somewhere on, repeated if it is shorter."""
    x = np.tile(x, -(-(n + RATE) // max(len(x), 1)))
    at = rng.integers(0, len(x) - n)
    return x[at : at + n]


def spoken(rng, languages, variants=("m1", "m3", "m7", "f1", "f2", "f4"), n=N):
    """espeak-ng reading numbers, which every language has words for, or sentences."""
    voice = f"{rng.choice(languages)}+{rng.choice(variants)}"
    options = ["-s", str(rng.integers(120, 210)), "-p", str(rng.integers(20, 80)), "-g", str(rng.integers(0, 6))]
    if voice.startswith("en") and rng.random() < 0.8:
        text = ". ".join(rng.permutation(SENTENCES)[:4])
    else:
        text = ", ".join(str(rng.integers(0, 10 ** rng.integers(2, 6))) for _ in range(12))
    out = subprocess.run(["espeak-ng", "-v", voice, *options, "--stdout", text], stdout=subprocess.PIPE, check=True)
    return cut(rng, np.frombuffer(out.stdout[44:], "<i2") / 32768, n)


def place(rng, x):
    """A voice as it is met: near, in a room, on the telephone, with noise."""
    if rng.random() < 0.5:
        x = room(rng, x)
    if rng.random() < 0.25:
        x = telephone(rng, x)
    return noisy(rng, x, 8, 60)


def germanic(rng):
    return place(rng, spoken(rng, ["en-us", "de", "nl", "sv", "da", "nb", "af", "is"]))


def romance(rng):
    return place(rng, spoken(rng, ["fr-fr", "es", "it", "pt-br", "ro", "ca"]))


def african_and_more(rng):
    return place(rng, spoken(rng, ["sw", "tn", "am", "eo", "eu", "cy", "ga", "mt", "ms", "gn"]))


def uralic_and_baltic(rng):
    return place(rng, spoken(rng, ["fi", "hu", "et", "lv", "lt", "smj"], ("m1", "m8", "f1", "f4", "steph", "john")))


def slavic(rng):
    return place(rng, spoken(rng, ["ru", "pl", "cs", "bg", "sr", "uk"], ("m2", "m5", "f3", "f5")))


def asian(rng):
    return place(rng, spoken(rng, ["hi", "cmn", "ko", "vi", "tr", "fa", "id", "ta"], ("m4", "m6", "f3", "f5")))


def klatt_and_whisper(rng):
    return place(rng, spoken(rng, ["en-gb", "en-gb-scotland", "el", "sq", "he"], ("klatt", "klatt4", "whisper", "whisperf", "croak")))


def flite(*voices):
    def make(rng):
        text = ". ".join(rng.permutation(SENTENCES)[:4])
        command = ["flite", "-voice", str(rng.choice(voices)), "-t", text, "-o", "/dev/stdout"]
        return place(rng, cut(rng, decode(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)))

    return make


def people(language):
    """Recorded people: the prompts of a telephone exchange."""

    def make(rng):
        folder = PACKAGES / f"asterisk-core-sounds-{language}-g722/usr/share/asterisk/sounds"
        files = sorted(file for file in folder.rglob("*.g722") if file.stat().st_size > 8000 and "silence" not in str(file))
        # 8,000 bytes a second, and files that are put together are one stream
        stream = b""
        while len(stream) < 8000 * (SECONDS + 2):
            stream += files[rng.integers(len(files))].read_bytes()
        return place(rng, cut(rng, decode(stream, "-f", "g722")))

    return make


# Recorded effects


def recorded(package, pattern, pause=(0.0, 0.5), without=()):
    """The effects of a package, one after another."""

    def make(rng):
        files = sorted(file for file in (PACKAGES / package).rglob(pattern) if not any(word in file.name for word in without))
        parts = []
        while sum(map(len, parts)) < N + RATE:
            parts += [decode(files[rng.integers(len(files))].read_bytes()), np.zeros(int(rng.uniform(*pause) * RATE))]
        return noisy(rng, cut(rng, np.concatenate(parts)), 15, 60)

    return make


# For the test


def white(rng):
    return rng.standard_normal(N) if rng.random() < 0.5 else rng.uniform(-1, 1, N)


def pink(rng):
    return shaped(rng, tilt(-1))


def tone_of_1_khz(rng):
    return tone(1000.0, rng.uniform(0, 6))


def silence(rng):
    return np.zeros(N)


def chirps_up_and_down(rng):
    rate = log_uniform(rng, 0.3, 6)
    saw = np.abs((TIME * rate + rng.uniform(0, 1)) % 2 - 1)
    return tone(rng.uniform(100, 1500) + saw * rng.uniform(500, 6000))


def birds(rng):
    def call(rng):
        n = int(rng.uniform(0.04, 0.3) * RATE)
        t = np.linspace(0, 1, n)
        f = rng.uniform(2000, 6500) * (1 + rng.uniform(-0.3, 0.3) * t + 0.05 * np.sin(t * rng.uniform(10, 80)))
        return np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.sin(np.pi * t) * rng.uniform(0.1, 1)

    return noisy(rng, events(rng, rng.uniform(2, 9), call), 10, 40)


def applause(rng):
    def clap(rng):
        low = rng.uniform(500, 1500)
        return decaying(rng, rng.uniform(0.002, 0.009), band(low, low * 3, 1)) * rng.uniform(0.1, 1)

    return room(rng, events(rng, log_uniform(rng, 40, 400), clap))


def chain_saws(rng):
    f0 = rng.uniform(70, 130) * (1 + 0.25 * np.sign(np.sin(TIME * rng.uniform(1, 5))) * rng.uniform(0, 1) + 0.02 * wander(rng, 8))
    pulses = np.diff(np.floor(np.cumsum(f0) / RATE), prepend=0) * rng.uniform(0.5, 1, N)
    formants = lambda f: 1 / (1 + ((f - 900) / 700) ** 2) + 1 / (1 + ((f - 3200) / 900) ** 2)
    return unit(filtered(pulses, formants)) + unit(shaped(rng, tilt(-0.5))) * rng.uniform(0.05, 0.4)


def surf(rng):
    swell = np.maximum(np.sin(2 * np.pi * (TIME * rng.uniform(0.08, 0.25) + rng.random())), 0) ** 2
    dark, bright = shaped(rng, tilt(-2)), shaped(rng, tilt(-0.3))
    return unit(dark) * 0.4 + unit(bright) * (0.1 + swell)


def thunder(rng):
    def roll(rng):
        n = int(3 * RATE)
        t = np.arange(n) / RATE
        return unit(shaped(rng, band(30, log_uniform(rng, 120, 600), 1), n)) * np.exp(-t * rng.uniform(0.7, 3)) * (1 + 0.7 * wander(rng, 6, n))

    return unit(events(rng, 0.5, roll)) + unit(shaped(rng, tilt(-1))) * rng.uniform(0.02, 0.3)


def hum_of_60_hz(rng):
    buzz = filtered(np.sign(tone(120.0 * (1 + 1e-4 * wander(rng, 0.5)))), band(100, rng.uniform(500, 5000), 1))
    return noisy(rng, buzz, 5, 50)


def telephone_bells(rng):
    bell = sum(tone(f) * level for f, level in [(1330, 1), (1790, 0.8), (2640, 0.5), (4100, 0.3)])
    strike = np.abs(np.sin(2 * np.pi * rng.uniform(9, 13) * TIME))
    return noisy(rng, room(rng, bell * strike * ((TIME + rng.uniform(0, 3)) % 3 < rng.uniform(1, 2))), 15, 50)


TRAIN = {
    "noise-dark": noise_dark, "noise-bright": noise_bright, "noise-bands": noise_of_bands, "noise-equalised": noise_equalised,
    "noise-surging": noise_surging, "tone-steady": tone_steady, "tones-together": tones_together, "wave-forms": wave_forms,
    "sweeps": sweeps, "beeps": beeps, "sirens": sirens, "hum-50-hz": hum_of_50_hz, "keypad": keypad, "engines": engines,
    "propellers": propellers, "rain": rain, "drips": drips, "ticks": ticks, "crackle": crackle, "knocks": knocks,
    "wind": whistles_of_wind, "nearly-silent": nearly_silent, "cries": cries, "barks": barks, "babble": babble,
    "speech-germanic": germanic, "speech-romance": romance, "speech-african-and-more": african_and_more,
    "people-english": people("en"), "people-french": people("fr"),
    "people-spanish": people("es"), "speech-uralic-and-baltic": uralic_and_baltic, "speech-flite-women": flite("slt"),
    "keyboard": recorded("bucklespring-data", "*.wav", (0.02, 0.4)),
    "effects-shooter": recorded("teeworlds-data", "*.wv", without=("music",)),
}  # fmt: skip
TEST = {
    "silence": silence, "white-noise": white, "pink-noise": pink, "tone-1-khz": tone_of_1_khz,
    "speech-slavic": slavic, "speech-asian": asian, "speech-klatt-and-whisper": klatt_and_whisper, "speech-flite-men": flite("kal16", "awb", "rms"),
    "people-russian": people("ru"), "people-italian": people("it"),
    "chirps": chirps_up_and_down, "birds": birds, "applause": applause, "chain-saws": chain_saws, "surf": surf,
    "thunder": thunder, "hum-60-hz": hum_of_60_hz, "telephone-bells": telephone_bells,
    "effects-puzzle": recorded("frozen-bubble-data", "*.ogg", without=("intro", "main", "intro-zik", "frozen-mainzik", "zik")),
    "effects-desktop": recorded("sound-theme-freedesktop", "*.oga", (0.1, 0.8)),
}  # fmt: skip


def write(path, x, rng):
    x = np.asarray(x, float)
    peak = np.max(np.abs(x))
    if peak > 0:
        # "nearly silent" says its own level
        level = 1.0 if path.parent.name == "nearly-silent" else 10 ** (-rng.uniform(0.5, 30) / 20) / peak
        # as music comes, some of it without the uppermost band
        x = filtered(x, band(1, log_uniform(rng, 5000, 60000), 8)) * level
    samples = np.clip(np.round(x * 32767), -32768, 32767).astype("<i2")
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    path.write_bytes(data.getvalue())


def main():
    global PACKAGES
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--packages", type=Path, required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--clips", type=int, default=24, help="of each generator")
    arguments.add_argument("--only", help="one generator")
    arguments = arguments.parse_args()
    PACKAGES = arguments.packages
    for side, generators in (("train", TRAIN), ("test", TEST)):
        for name, make in generators.items():
            if arguments.only not in (None, name):
                continue
            folder = arguments.out / side / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(arguments.clips):
                path = folder / f"{number:02}.wav"
                if path.exists():
                    continue
                rng = np.random.default_rng([arguments.seed, zlib.crc32(name.encode()), number])
                write(path, make(rng), rng)
            print(f"{side}/{name}", flush=True)


if __name__ == "__main__":
    main()
