"""Noise, tones, machines, weather and small noises, to fit on."""

import numpy as np

from blocks import (
    N,
    RATE,
    TIME,
    add,
    band,
    decaying,
    events,
    filtered,
    harmonics,
    log_uniform,
    noisy,
    room,
    shaped,
    tilt,
    tone,
    unit,
    wander,
)


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
