#!/usr/bin/env python3
"""Print the software bill of materials of what this project distributes, as CycloneDX 1.5 in JSON.

    docs/notices/sbom.py libtimbrel                   one of the distributions in generate.py
    docs/notices/sbom.py classify -- -p classify      another build; ARGUMENTS are cargo tree's

It lists the crates that are linked, each with its licence, its checksum in Cargo.lock and the crates that it uses. The
output depends on the sources alone: the same commit gives the same bytes.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

from generate import DISTRIBUTIONS, ROOT

# how the lines of `cargo tree --prefix depth` begin
LINE = re.compile(r"(\d+)(\S+) v(\S+)( \(.*?\))?\|(.*?)( \(\*\))?$")

# the name space of the serial numbers: a version 5 UUID of a document is a hash of its content
SERIALS = uuid.uuid5(uuid.NAMESPACE_OID, "timbrel")


def tree(arguments):
    """Return the linked crates as {(name, version): licence}, who uses whom, and the crate at the root."""
    command = ["cargo", "tree", "--quiet", "--locked", "-e", "normal,no-proc-macro", "--prefix", "depth"]
    done = subprocess.run(command + ["-f", "{p}|{l}"] + arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    licences, uses, above = {}, {}, []
    for line in filter(None, done.stdout.splitlines()):
        depth, name, version, _, licence, _ = LINE.match(line).groups()
        crate = (name, version)
        licences[crate] = licence
        uses.setdefault(crate, set())
        above[int(depth) :] = [crate]
        if len(above) > 1:
            uses[above[-2]].add(crate)
    return licences, uses, above[0]


def checksums(arguments):
    """Return the SHA-256 of each crate's archive in the lock file of a build; crates of this repository have none."""
    folder = ROOT
    if "--manifest-path" in arguments:
        folder = (ROOT / arguments[arguments.index("--manifest-path") + 1]).parent
    lock = tomllib.loads((folder / "Cargo.lock").read_text(encoding="utf-8"))
    return {(one["name"], one["version"]): one["checksum"] for one in lock["package"] if "checksum" in one}


def reference(crate):
    """Return the package URL of a crate, which also serves as its reference within the document."""
    return "pkg:cargo/{}@{}".format(*crate)


def component(crate, licence, checksum):
    """Return the description of a crate."""
    found = {"type": "library", "bom-ref": reference(crate), "name": crate[0], "version": crate[1]}
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    found["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    found["purl"] = reference(crate)
    return found


def standard_library():
    """Return the description of Rust's standard library, of the version that builds the distributions."""
    toolchain = tomllib.loads((ROOT / "rust-toolchain.toml").read_text(encoding="utf-8"))
    version = toolchain["toolchain"]["channel"]
    return {
        "type": "library",
        "bom-ref": f"rust-std@{version}",
        "name": "rust-std",
        "version": version,
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
    }


def bill(name, arguments):
    """Return the document for a build."""
    licences, uses, root = tree(arguments)
    known, std = checksums(arguments), standard_library()
    main = {
        "type": "library" if name.startswith("lib") else "application",
        "bom-ref": reference(root),
        "name": name,
        "version": root[1],
        "licenses": [{"expression": licences[root]}],
    }
    linked = sorted(crate for crate in licences if crate != root)
    dependencies = [{"ref": reference(crate), "dependsOn": sorted(map(reference, uses[crate]))} for crate in [root, *linked]]
    dependencies[0]["dependsOn"].append(std["bom-ref"])
    content = {
        "metadata": {"component": main},
        "components": [component(crate, licences[crate], known.get(crate)) for crate in linked] + [std],
        "dependencies": dependencies,
    }
    serial = uuid.uuid5(SERIALS, json.dumps(content, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1, **content}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of a distribution, or any with ARGUMENTS")
    parser.add_argument("arguments", nargs="*", help="cargo tree's, for another build")
    options = parser.parse_args()
    arguments = options.arguments or DISTRIBUTIONS.get(options.name, (None, None))[1]
    if arguments is None:
        sys.exit(f"{options.name} is none of {', '.join(DISTRIBUTIONS)}: say how it is built, after --")
    print(json.dumps(bill(options.name, arguments), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
