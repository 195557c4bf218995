"""Voices without words, and synthetic speech by espeak-ng and flite, to fit on and to test."""

import subprocess

import numpy as np

from blocks import N, RATE, add, band, events, filtered, log_uniform, noisy, room, unit
from recordings import cut, decode, place


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
