"""Classify audio files from the command line: ``python -m timbrel FILE...``."""

from __future__ import annotations

import argparse
import json
import sys

from . import State, TimbrelError, __version__, classify_file


def main(arguments: list[str] | None = None) -> int:
    """Print the genre of each file and return the exit status: 1 if a file failed."""
    parser = argparse.ArgumentParser(prog="python -m timbrel", description="Name the genre of audio files.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--model", metavar="FILE", help="a .timbrel file instead of the shipped model")
    parser.add_argument("--top", type=int, default=3, metavar="K", help="genres per file (default: 3)")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--version", action="version", version=f"timbrel {__version__}")
    options = parser.parse_args(arguments)
    failed = False
    for file in options.files:
        try:
            answer = classify_file(file, model=options.model)
        except (TimbrelError, OSError) as error:
            failed = True
            if options.json:
                print(json.dumps({"file": file, "error": str(error)}), flush=True)
            else:
                print(f"{file}: {error}", file=sys.stderr)
            continue
        for warning in answer.warnings:
            print(f"{file}: {warning}", file=sys.stderr)
        if options.json:
            fields = {name: getattr(answer, name) for name in answer.__dataclass_fields__}
            print(json.dumps({"file": file, **fields}), flush=True)
        else:
            likeliest = ", ".join(f"{genre} ({p:.0%})" for genre, p in answer.top(options.top))
            said = {State.MUSIC: likeliest, State.UNSURE: f"unsure: {likeliest}"}.get(answer.state, str(answer))
            print(f"{file}: {said}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
