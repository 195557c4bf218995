"""Make a PlatformIO core directory that has its SCons, which is PyPI's, without PlatformIO's registry: core_dir.py FOLDER."""

import json
import os
import sys

from platformio.dependencies import get_core_dependencies

version = get_core_dependencies()["tool-scons"].lstrip("~")
folder = os.path.join(sys.argv[1], "packages", "tool-scons")
os.makedirs(folder)
with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as manifest:
    json.dump({"name": "tool-scons", "version": version}, manifest)
with open(os.path.join(folder, ".piopm"), "w", encoding="utf-8") as installed:
    json.dump(
        {"type": "tool", "name": "tool-scons", "version": version, "spec": {"owner": "platformio", "name": "tool-scons"}},
        installed,
    )
with open(os.path.join(folder, "scons.py"), "w", encoding="utf-8") as script:
    script.write("from SCons.Script import main\n\nmain()\n")
