#!/usr/bin/env python3
"""Make music in the styles of styles.py: an accompaniment of MMA with a random lead, played by FluidSynth.

Usage: midi.py OUT --soundfonts FILE... [--each N] [--seed S] [--styles NAME...] [--library /usr/share/mma/lib]

OUT/made-STYLE/NUMBER.wav are N pieces of 30.1 s of each style, at 22,050 Hz, with random grooves, keys, tempi, chords,
leads, rooms and soundfonts; the same seed and files give the same ones. Needs the programs mma and fluidsynth (Debian:
mma, fluidsynth) and soundfonts (fluid-soundfont-gm, timgm6mb-soundfont; MIT and GPL-2+).
"""

import argparse
import pathlib
import random
import re
import subprocess
import tempfile
import wave

from styles import STYLES

RATE, SECONDS = 22050, 30.1
# bars of four beats, in MMA's note lengths; None is a rest
RHYTHMS = ["4 4 4 4", "8 8 4 8 8 4", "2 4 4", "4. 8 2", "8 8 8 8 4 4", "4 8 8 4. 8", "8 4 8 4 4", "1", "2 2", "16 16 8 8 8 4 4"]
PARTS = ("End", "Intro", "Fill", "Sus", "Ending")


def grooves(library, name):
    """Return the grooves of a file of MMA's library that are not beginnings, ends or fills."""
    text = (library / f"{name}.mma").read_text(errors="replace")
    found = re.findall(r"^\s*DefGroove\s+(\S+)", text, re.MULTILINE)
    return [groove for groove in found if not any(part in groove for part in PARTS)] or found


def melody(scale, rng, state):
    """Return a bar of a lead in MMA's notation. It walks over the scale by small steps; `state` is its place there."""
    notes = []
    for length in rng.choice(RHYTHMS).split():
        if rng.random() < 0.2:
            notes.append(f"{length}r;")
            continue
        state[0] = max(0, min(2 * len(scale) - 1, state[0] + rng.choice((-2, -1, -1, 0, 1, 1, 2))))
        octave, step = divmod(state[0], len(scale))
        notes.append(f"{length}{scale[step]}{'+' * octave};")
    return "{" + "".join(notes) + "}"


def song(style, library, rng):
    """Return an MMA file of a style that lasts more than 30 s, and its name for messages."""
    file = rng.choice(style.files.split())
    groove = rng.choice(grooves(library, file))
    tempo = rng.randint(*style.tempo)
    lines = [f"Use {file}", f"Tempo {tempo}", f"Transpose {rng.randint(-5, 6)}", f"Groove {groove}"]
    lines += [f"AllTracks RTime {rng.randint(0, 12)}", f"AllTracks RVolume {rng.randint(0, 20)}"]
    lead = rng.random() < 0.75
    if lead:
        lines += ["Begin Solo", f"  Voice {rng.choice(style.leads)}", f"  Octave {rng.choice((4, 5, 5, 6))}"]
        lines += [f"  Volume {rng.choice(('mp', 'mf', 'f'))}", f"  Articulate {rng.randint(60, 100)}", "End"]
    chords, scale, state = rng.choice(style.chords).split(), style.scale.split(), [rng.randint(2, 7)]
    resting = False
    for bar in range(int(SECONDS / 60 * tempo / 3) + 2):
        if bar % 4 == 0:
            resting = rng.random() < 0.25
        line = f"{bar + 1} {chords[bar % len(chords)]}"
        lines.append(line + (" " + melody(scale, rng, state) if lead and not resting else ""))
    return "\n".join(lines) + "\n", f"{file}:{groove}"


def play(midi, soundfont, target, rng):
    """Render a MIDI file and keep its first seconds."""
    room = [f"-o synth.reverb.room-size={rng.uniform(0, 0.8):.2f}", f"-o synth.reverb.level={rng.uniform(0, 0.9):.2f}"]
    room += [f"-o synth.chorus.active={rng.randint(0, 1)}"]
    whole = target.with_suffix(".part")
    options = " ".join(room).split()
    command = ["fluidsynth", "-n", "-i", "-q", "-F", whole, "-T", "wav", "-r", str(RATE), "-g", "0.5", *options, soundfont, midi]
    subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(whole)) as source, wave.open(str(target), "wb") as kept:
        wanted = int(RATE * SECONDS)
        kept.setparams(source.getparams())
        frames = source.readframes(wanted)
        long_enough = len(frames) == wanted * source.getnchannels() * source.getsampwidth()
        kept.writeframes(frames)
    whole.unlink()
    if not long_enough:
        target.unlink()
    return long_enough


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--soundfonts", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--each", type=int, default=40, help="pieces of each style (40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=list(STYLES), help="styles to make (all)")
    parser.add_argument("--library", type=pathlib.Path, default=pathlib.Path("/usr/share/mma/lib"))
    options = parser.parse_args()
    for name in options.styles:
        style = STYLES[name]
        folder = options.out / f"made-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        made = 0
        for number in range(options.each):
            rng = random.Random(f"{options.seed} {name} {number}")
            text, what = song(style, options.library, rng)
            with tempfile.TemporaryDirectory() as temporary:
                source = pathlib.Path(temporary) / "song.mma"
                source.write_text(text)
                midi = source.with_suffix(".mid")
                done = subprocess.run(["mma", "-f", midi, source], capture_output=True, text=True)
                if done.returncode or not midi.exists():
                    print(f"{name} {number} ({what}): {done.stdout.strip().splitlines()[-1:]}", flush=True)
                    continue
                target = folder / f"{number:03}.wav"
                made += play(midi, rng.choice(options.soundfonts), target, rng)
        print(f"{name}: {made} pieces", flush=True)


if __name__ == "__main__":
    main()
