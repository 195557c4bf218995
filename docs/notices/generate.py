#!/usr/bin/env python3
"""Write the notices of the crates that are linked into what this project distributes.

    docs/notices/generate.py                 writes NAME/THIRD-PARTY.txt for every distribution below
    docs/notices/generate.py --check         fails if one of them is out of date
    docs/notices/generate.py -- ARGUMENTS    prints the notices of another build; ARGUMENTS are cargo tree's,
                                        such as: -p timbrel-ffi --no-default-features

Licence texts come from the crates themselves, in cargo's registry folder.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# the folder of each distribution, its name in words, and its build
DISTRIBUTIONS = {
    "libtimbrel": ("libtimbrel, the C library (and the Python wheel)", ["-p", "timbrel-ffi", "--target", "all"]),
    "timbrel-embedded": (
        "timbrel-embedded, the C library for microcontrollers",
        ["-p", "timbrel-ffi", "--no-default-features", "--target", "thumbv7em-none-eabihf"],
    ),
    "timbrel-live": ("timbrel-live", ["-p", "timbrel-live", "--target", "aarch64-unknown-linux-gnu"]),
    "timbrel-web": (
        "the WebAssembly modules of the npm package and the web page",
        ["--manifest-path", "examples/web/Cargo.toml", "--target", "wasm32-unknown-unknown"],
    ),
}

# a phrase by which each licence's text is recognised
PHRASES = {
    "MIT": "Permission is hereby granted, free of charge",
    "Apache-2.0": "Apache License",
    "MPL-2.0": "Mozilla Public License Version 2.0",
    "Zlib": "provided 'as-is'",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "ISC": "Permission to use, copy, modify, and/or distribute",
}

MPL = """\
The crates of symphonia are under the Mozilla Public License 2.0 and unmodified. Their source code is on crates.io, in
the versions listed here. You may link this binary into a program under any licence; if you pass it on, tell its
recipients where that source code can be had, and publish changes to its files under the same licence.
"""

RUST = """\
The standard library of Rust is linked as well. It is under MIT or Apache-2.0, copyright The Rust Project Contributors;
its compiler support library also contains parts of LLVM's compiler-rt, under Apache-2.0 with LLVM exception.
"""


def crates(arguments):
    """Return (name, version, licence) of every crate that is linked and not part of this repository."""
    command = ["cargo", "tree", "--quiet", "--locked", "-e", "normal,no-proc-macro", "--prefix", "none"]
    done = subprocess.run(
        command + ["-f", "{p}|{l}"] + arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    found = set()
    for line in filter(None, done.stdout.splitlines()):
        package, licence = line.removesuffix(" (*)").split("|")
        name, version, *place = package.split(" ")
        if not place:
            found.add((name, version.removeprefix("v"), licence))
    return sorted(found)


def texts(name, version):
    """Return the licence texts in a crate by the licence that they are of."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    folders = list(home.glob(f"registry/src/*/{name}-{version}"))
    if not folders:
        sys.exit(f"the source of {name} {version} is not in {home}/registry: run cargo fetch")
    found = {}
    for path in sorted(folders[0].rglob("*")):
        where = path.relative_to(folders[0]).parts
        if not path.is_file() or len(where) > 2 or not where[0].upper().startswith(("LICEN", "COPYING", "NOTICE")):
            continue
        text = path.read_text(encoding="utf-8")
        for licence, phrase in PHRASES.items():
            if phrase in " ".join(text.split()):
                found.setdefault(licence, text.strip())
                break
    return found


def chosen(licence, available):
    """Return the licences of an SPDX expression that the notices give: all of an AND, one of an OR."""
    parts = licence.replace("(", "").replace(")", "").replace("/", " OR ").split(" AND ")
    options = [[option.strip() for option in part.split(" OR ")] for part in parts]
    return [next((one for one in PHRASES if one in part and one in available), None) for part in options]


def notices(title, arguments):
    """Return the text for a distribution."""
    lines = [f"Third-party notices of {title}", "", "Crates, each with the licence that its author states:", ""]
    by_text = {}
    linked = crates(arguments)
    for name, version, licence in linked:
        lines.append(f"  {name} {version}: {licence}")
        available = texts(name, version)
        for one in chosen(licence, available):
            if one is None:
                sys.exit(f"no text of {licence} is in {name} {version}")
            by_text.setdefault((one, " ".join(available[one].split())), (available[one], []))[1].append(name)
    lines += ["", RUST]
    if any(licence == "MPL-2.0" for _, _, licence in linked):
        lines.append(MPL)
    for (licence, _), (text, names) in sorted(by_text.items(), key=lambda item: (item[0][0], item[1][1])):
        lines += ["-" * 80, f"{licence}, for {', '.join(names)}:", "", *(line.rstrip() for line in text.splitlines()), ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("arguments", nargs="*", help="cargo tree's, for another build")
    options = parser.parse_args()
    if options.arguments:
        print(notices("this build", options.arguments))
        return
    stale = []
    for folder, (title, arguments) in DISTRIBUTIONS.items():
        path, text = HERE / folder / "THIRD-PARTY.txt", notices(title, arguments)
        if options.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(str(path.relative_to(ROOT)))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"out of date, run docs/notices/generate.py: {', '.join(stale)}")


if __name__ == "__main__":
    main()
