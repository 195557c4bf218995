"""Check an Arduino library against the library specification, revision 2.2: arduino.py FOLDER."""

import os
import re
import sys

REQUIRED = "name version author maintainer sentence paragraph category url architectures".split()
OPTIONAL = "depends dot_a_linkage includes precompiled ldflags license".split()
CATEGORIES = [
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
    "Data Processing", "Other",
]  # fmt: skip
SOURCE = (".c", ".cpp", ".S", ".h", ".hpp")
# build.mcu of the cores, then the value of -mfpu, if the core gives one, and that of -mfloat-abi
ARCHIVE = re.compile(
    r"(cortex-m(0plus|3|4|7|23|33|55|85)(/((fpv[45]-(sp-)?d16)-)?(hard|softfp))?|esp32(c2|c3|c5|c6|h2|p4))/lib[^/]+\.a"
)


def problems(folder):
    """Yield what is wrong with the library."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", os.path.basename(folder)):
        yield "the folder's name is not that of a library"
    properties = {}
    with open(os.path.join(folder, "library.properties"), encoding="utf-8") as file:
        for line in filter(None, map(str.strip, file)):
            key, equals, value = line.partition("=")
            if not equals or key in properties or key not in REQUIRED + OPTIONAL:
                yield f"library.properties: {line}"
            properties[key] = value
    for key in REQUIRED:
        if not properties.get(key):
            yield f"library.properties: no {key}"
    name = properties.get("name", "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]*", name) or name.lower().startswith("arduino"):
        yield f"library.properties: name={name}"
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?", properties.get("version", "")):
        yield f"library.properties: version={properties.get('version')}"
    if properties.get("category") not in CATEGORIES:
        yield f"library.properties: category={properties.get('category')}"
    if properties.get("precompiled") not in ("true", "full"):
        yield "library.properties: precompiled is neither true nor full, so the archives are not linked"
    if properties.get("precompiled") == "full" and any(f.endswith(SOURCE[:3]) for f in os.listdir(folder + "/src")):
        yield "library.properties: with precompiled=full the sources would not be compiled"
    headers = os.listdir(os.path.join(folder, "src"))
    for header in properties.get("includes", "").split(","):
        if header not in headers:
            yield f"src/{header} is not there"
    if len({header.lower() for header in headers}) != len(headers):
        yield "two names in src/ differ in case alone"
    yield from files(folder)


def files(folder):
    archives = 0
    for path, _, names in os.walk(folder):
        for name in names:
            file = os.path.relpath(os.path.join(path, name), folder)
            if file.endswith(".a"):
                archives += 1
                if not ARCHIVE.fullmatch(os.path.relpath(file, "src")):
                    yield f"{file}: no core looks for an archive there"
            elif file.endswith(".ino") and os.path.splitext(name)[0] != os.path.basename(path):
                yield f"{file}: a sketch is called like its folder"
            elif file.endswith(".exe") or os.path.islink(os.path.join(path, name)) or name.startswith("."):
                yield f"{file}: not allowed in a library"
    if not archives:
        yield "no archive"
    with open(os.path.join(folder, "keywords.txt"), encoding="utf-8") as keywords:
        for line in keywords.read().splitlines():
            if line and not line.startswith("#") and not re.fullmatch(r"\w+\t(KEYWORD[123]|LITERAL[12])(\t.*)?", line):
                yield f"keywords.txt: {line}"


if __name__ == "__main__":
    found = list(problems(os.path.abspath(sys.argv[1])))
    for problem in found:
        print(f"{sys.argv[1]}: {problem}", file=sys.stderr)
    sys.exit(bool(found))
