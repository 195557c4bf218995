"""Builds libtimbrel with cargo and puts it, with the shipped model and all licences, into the wheel.

TIMBREL_LIBRARY names a library that is built already, and TIMBREL_PLATFORM the platform in the wheel's name.
"""

import json
import os
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        root = Path(self.root).parents[1]
        library = Path(os.environ.get("TIMBREL_LIBRARY") or build_library(root))
        build_data["force_include"] = {
            str(library): f"timbrel/{library.name}",
            str(root / "models/compact.timbrel"): "timbrel/compact.timbrel",
            str(root / "docs/notices/libtimbrel/THIRD-PARTY.txt"): "timbrel/licenses/THIRD-PARTY.txt",
            str(root / "LICENSE-MIT"): "timbrel/licenses/LICENSE-MIT",
            str(root / "LICENSE-APACHE"): "timbrel/licenses/LICENSE-APACHE",
        }
        # any Python 3 loads the library, but only this platform does; how old the C library may be on Linux is
        # for auditwheel to say
        here = next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
        platform = os.environ.get("TIMBREL_PLATFORM") or here
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"


def build_library(root: Path) -> Path:
    """Run cargo and return the path of the shared library, which cargo itself reports."""
    command = ["cargo", "rustc", "--release", "-p", "timbrel-ffi", "--lib", "--crate-type", "cdylib"]
    command += ["--message-format", "json-render-diagnostics"]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True, text=True)
    for line in reversed(done.stdout.splitlines()):
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == "timbrel":
            return next(Path(name) for name in message["filenames"] if Path(name).suffix in {".so", ".dylib", ".dll"})
    raise RuntimeError("cargo made no shared library")
