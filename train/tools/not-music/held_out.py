"""Sounds to test with, of other kinds than those to fit on."""

import numpy as np

from blocks import N, RATE, TIME, band, decaying, events, filtered, log_uniform, noisy, room, shaped, tilt, tone, unit, wander


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
