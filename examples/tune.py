#!/usr/bin/env python3
"""Writes wav files of several rates, channels and lengths to a folder: `tune.py FOLDER`.

The checks of the examples classify them with one binding after another.
"""
import math
import struct
import sys
import wave


def write(name, rate, channels, seconds):
    with wave.open(f"{sys.argv[1]}/{name}", "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        frames = bytearray()
        for i in range(int(rate * seconds)):
            t = i / rate
            hz = 110 * 2 ** ((int(t * 4) * 7 % 12) / 12)
            tone = math.sin(2 * math.pi * hz * t) * math.exp(-6 * (t * 4 % 1))
            for channel in range(channels):
                frames += struct.pack("<h", int(20000 * tone * (1 - 0.5 * channel)))
        out.writeframes(bytes(frames))


write("cd.wav", 44100, 2, 14.0)
write("mono.wav", 22050, 1, 31.0)
write("dat.wav", 48000, 2, 11.0)
write("phone.wav", 8000, 1, 12.5)
write("short.wav", 16000, 1, 2.0)
