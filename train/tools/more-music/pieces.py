#!/usr/bin/env python3
"""Cut music into pieces of 30 s, for `timbrel prepare`.

Usage: pieces.py OUT FOLDER... [--most N] [--seconds S]

Each FOLDER is a collection, such as a package of a game's music. Up to N pieces of every recording that lasts S seconds
are taken, at equal distances and not from its very beginning and end, so that no long recording outweighs the others. They are written
as OUT/COLLECTION/RECORDING-PIECE.wav, in the recording's own sample rate and with one channel. Needs ffmpeg.
"""

import argparse
import pathlib
import subprocess

SUFFIXES = {".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav"}


def duration(file):
    """Return the seconds that a recording lasts, 0 if it is none."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]
    text = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    try:
        return float(text)
    except ValueError:
        return 0.0


def starts(length, seconds, most):
    """Return where the pieces of a recording begin."""
    count = min(most, int(length // seconds))
    spare = length - count * seconds
    return [(piece + 0.5) * spare / count + piece * seconds for piece in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    parser.add_argument("--most", type=int, default=5, help="pieces of one recording (5)")
    parser.add_argument("--seconds", type=float, default=30.1, help="length of a piece (30.1)")
    options = parser.parse_args()
    for folder in options.folders:
        recordings = pieces = 0
        target = options.out / folder.name
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() not in SUFFIXES or not file.is_file() or file.is_symlink():
                continue
            found = starts(duration(file), options.seconds, options.most)
            recordings += bool(found)
            for piece, start in enumerate(found):
                target.mkdir(parents=True, exist_ok=True)
                name = "-".join(file.relative_to(folder).with_suffix("").parts[-2:]).replace(" ", "_")
                command = ["ffmpeg", "-v", "error", "-y", "-ss", f"{start:.2f}", "-t", str(options.seconds)]
                command += ["-i", file, "-map", "0:a:0", "-ac", "1", target / f"{name}-{piece}.wav"]
                subprocess.run(command, check=True)
                pieces += 1
        print(f"{folder.name}: {pieces} pieces of {recordings} recordings", flush=True)


if __name__ == "__main__":
    main()
