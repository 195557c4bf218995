"""Validate and pack a PlatformIO library as `pio pkg pack` does, without its list of licences from the network:
platformio_manifest.py FOLDER ARCHIVE.

Also check which archive pick_archive.py takes for the flags of boards."""

import os
import sys

from platformio.package.manifest.schema import ManifestSchema
from platformio.package.pack import PackagePacker

# -mcpu and -mfloat-abi, or -march and -mabi, as each framework sets them; the board's build.mcu; the archive
BOARDS = [
    ("-mcpu=cortex-m4 -mfloat-abi=softfp -mfpu=fpv4-sp-d16", "nrf52840", "cortex-m4f-softfp"),  # Nano 33 BLE, mbed
    ("-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16", "nrf52840", "cortex-m4f"),  # Feather nRF52840
    ("-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard", "stm32f411ceu6", "cortex-m4f"),
    ("-mcpu=cortex-m3", "at91sam3x8e", "cortex-m3"),
    ("-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard", "stm32h743zit6", "cortex-m7"),
    ("-mcpu=cortex-m0plus", "rp2040", "cortex-m0plus"),
    ("-mcpu=cortex-m33 -march=armv8-m.main+fp+dsp -mfloat-abi=softfp", "rp2350", "cortex-m33f-softfp"),
    ("-march=rv32imac_zicsr_zifencei_zba_zbb_zbs_zbkb -mabi=ilp32", "rp2350", "rv32imac"),
    ("-march=rv32imc_zicsr_zifencei", "esp32c3", "rv32imc"),
    ("-march=rv32imac_zicsr_zifencei", "esp32c6", "rv32imac"),
    ("-mlongcalls", "esp32s3", None),
    ("-march=rv64imac -mabi=lp64", "k210", None),
]


def pick(script):
    """Return core() of pick_archive.py, without the part that SCons runs."""
    with open(script, encoding="utf-8") as file:
        definitions = file.read().partition("\nproject = ")[0]
    names = {"Import": lambda *names: None}
    exec(compile(definitions, script, "exec"), names)
    return names["core"]


folder, archive = sys.argv[1:]
ManifestSchema.load_spdx_licenses = staticmethod(
    lambda: {"licenses": [{"licenseId": "MIT"}, {"licenseId": "Apache-2.0"}]}
)
print(PackagePacker(folder).pack(archive))
core = pick(os.path.join(folder, "pick_archive.py"))
for flags, mcu, expected in BOARDS:
    assert core(flags.split(), {"build.mcu": mcu}) == expected, (flags, mcu, core(flags.split(), {"build.mcu": mcu}))
