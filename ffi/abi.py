#!/usr/bin/env python3
"""Write down the binary interface of the C library: ffi/abi.txt.

    ffi/abi.py                    writes ffi/abi.txt
    ffi/abi.py --check            fails if it is not what include/timbrel.h gives
    ffi/abi.py --check LIBRARY    fails too if a shared or static library has other functions

Sizes, offsets and values come from a C compiler (CC, cc if unset), which compiles a program that includes the header and
prints them; RUNNER runs the program of a cross compiler: CC=aarch64-linux-gnu-gcc RUNNER="qemu-aarch64 -L
/usr/aarch64-linux-gnu". The functions of a library come from nm (NM). No type depends on the size of a pointer, so
the file is the same for all machines on which 64-bit integers are aligned to 8 bytes.
"""

import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parent / "include"
RECORD = HERE / "abi.txt"
HEAD = """\
# The binary interface of the C library: functions, enumerations, structures. `ffi/abi.py` writes this file and CI compares
# it. docs/releases.md says which differences are compatible.
"""


def run(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def preprocessed(compiler):
    """Return the header's own declarations, without comments."""
    text = run([*compiler, "-E", "-P", INCLUDE / "timbrel.h"])
    return " ".join(text.split())


def functions(text):
    """Return the declarations of functions, sorted by name."""
    found = re.findall(r"(?:enum \w+|const char \*|\w+) ?\btimbrel_\w+\([^()]*\);", text)
    return sorted(found, key=name_of)


def name_of(declaration):
    return re.search(r"(timbrel_\w+)\(", declaration)[1]


def program(text):
    """Return a C program that prints constants, enumerations and structures."""
    lines = ['printf("TIMBREL_ABI_VERSION %d\\n", TIMBREL_ABI_VERSION);']
    for name, body in re.findall(r"enum (\w+) \{([^}]*)\}", text):
        lines.append(f'printf("\\nenum {name}, %zu bytes\\n", sizeof(enum {name}));')
        lines += [f'printf("%4d %s\\n", (int){value}, "{value}");' for value in re.findall(r"\w+(?= =)", body)]
    for name, body in re.findall(r"struct (\w+) \{([^}]*)\}", text):
        lines.append(
            f'printf("\\nstruct {name}, %zu bytes, aligned to %zu\\n", sizeof(struct {name}), _Alignof(struct {name}));'
        )
        for kind, field in re.findall(r"([\w ]+) (\w+)(?:\[\w+\])?;", body):
            place = f"offsetof(struct {name}, {field}), sizeof ((struct {name} *)0)->{field}"
            lines.append(f'printf("%4zu %zu {kind.strip()} {field}\\n", {place});')
    body = "\n    ".join(lines)
    return f"#include <stddef.h>\n#include <stdio.h>\n#include <timbrel.h>\nint main(void)\n{{\n    {body}\n}}\n"


def described():
    """Return the interface as the text of the file, and the names of its functions."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    text = preprocessed(compiler)
    declared = functions(text)
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "abi.c"), Path(folder, "abi")
        source.write_text(program(text))
        subprocess.run([*compiler, "-std=c11", "-Wall", "-Werror", "-I", INCLUDE, source, "-o", binary], check=True)
        layout = run([*shlex.split(os.environ.get("RUNNER", "")), binary])
    return f"{HEAD}\n{layout}\nfunctions\n" + "".join(f"  {line}\n" for line in declared), set(map(name_of, declared))


def exported(library):
    """Return the functions that a library gives to programs."""
    scope = ["-D"] if ".so" in Path(library).suffixes else ["-g"]
    listed = run([os.environ.get("NM", "nm"), *scope, "--defined-only", library], stderr=subprocess.DEVNULL)
    symbols = {line.split()[-1] for line in listed.splitlines() if " T " in line}
    # a static library shows its crates' symbols as well
    return symbols if scope == ["-D"] else {name for name in symbols if name.startswith("timbrel_")}


def main():
    options = sys.argv[1:]
    if options and options[0] != "--check" or len(options) > 2:
        sys.exit(__doc__)
    text, declared = described()
    if not options:
        RECORD.write_text(text)
        return
    before = RECORD.read_text() if RECORD.exists() else ""
    if before != text:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), text.splitlines(True), "abi.txt", "header"))
        sys.exit("the binary interface has changed: see docs/releases.md, then run ffi/abi.py")
    for library in options[1:]:
        if difference := declared ^ exported(library):
            sys.exit(f"{library} and the header do not have the same functions: {', '.join(sorted(difference))}")
    print(f"ffi/abi.txt: {len(declared)} functions, as in the header{' and the library' if options[1:] else ''}")


if __name__ == "__main__":
    main()
