"""Makes sounds that are not music, to fit and to test a model's rejection: make.py OUT --packages FOLDER [--seed N] [--clips N].

Writes OUT/train/GENERATOR/NN.wav and OUT/test/GENERATOR/NN.wav, 6 s each, 22,050 Hz mono. A generator stands on one side only: a model
that is fitted on "train" meets other kinds of sound in "test", not other examples of the same kinds. The same seed makes the same
bytes, given the same versions of the programs espeak-ng, flite and ffmpeg and of NumPy. FOLDER is what packages.sh fetched.
"""

import argparse
import io
import wave
import zlib
from pathlib import Path

import numpy as np

import held_out
import noises
import recordings
import voices
from blocks import RATE, band, filtered, log_uniform

TRAIN = {
    "noise-dark": noises.noise_dark, "noise-bright": noises.noise_bright, "noise-bands": noises.noise_of_bands, "noise-equalised": noises.noise_equalised,
    "noise-surging": noises.noise_surging, "tone-steady": noises.tone_steady, "tones-together": noises.tones_together, "wave-forms": noises.wave_forms,
    "sweeps": noises.sweeps, "beeps": noises.beeps, "sirens": noises.sirens, "hum-50-hz": noises.hum_of_50_hz, "keypad": noises.keypad, "engines": noises.engines,
    "propellers": noises.propellers, "rain": noises.rain, "drips": noises.drips, "ticks": noises.ticks, "crackle": noises.crackle, "knocks": noises.knocks,
    "wind": noises.whistles_of_wind, "nearly-silent": noises.nearly_silent, "cries": voices.cries, "barks": voices.barks, "babble": voices.babble,
    "speech-germanic": voices.germanic, "speech-romance": voices.romance, "speech-african-and-more": voices.african_and_more,
    "people-english": recordings.people("en"), "people-french": recordings.people("fr"),
    "people-spanish": recordings.people("es"), "speech-uralic-and-baltic": voices.uralic_and_baltic, "speech-flite-women": voices.flite("slt"),
    "keyboard": recordings.recorded("bucklespring-data", "*.wav", (0.02, 0.4)),
    "effects-shooter": recordings.recorded("teeworlds-data", "*.wv", without=("music",)),
}  # fmt: skip
TEST = {
    "silence": held_out.silence, "white-noise": held_out.white, "pink-noise": held_out.pink, "tone-1-khz": held_out.tone_of_1_khz,
    "speech-slavic": voices.slavic, "speech-asian": voices.asian, "speech-klatt-and-whisper": voices.klatt_and_whisper, "speech-flite-men": voices.flite("kal16", "awb", "rms"),
    "people-russian": recordings.people("ru"), "people-italian": recordings.people("it"),
    "chirps": held_out.chirps_up_and_down, "birds": held_out.birds, "applause": held_out.applause, "chain-saws": held_out.chain_saws, "surf": held_out.surf,
    "thunder": held_out.thunder, "hum-60-hz": held_out.hum_of_60_hz, "telephone-bells": held_out.telephone_bells,
    "effects-puzzle": recordings.recorded("frozen-bubble-data", "*.ogg", without=("intro", "main", "intro-zik", "frozen-mainzik", "zik")),
    "effects-desktop": recordings.recorded("sound-theme-freedesktop", "*.oga", (0.1, 0.8)),
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
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--packages", type=Path, required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--clips", type=int, default=24, help="of each generator")
    arguments.add_argument("--only", help="one generator")
    arguments = arguments.parse_args()
    recordings.packages = arguments.packages
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
