"""Load a Zephyr module's Kconfig below the symbols of Zephyr that it names: zephyr_kconfig.py KCONFIG."""

import os
import sys
import tempfile

import kconfiglib

ZEPHYR = """
config ARM
	def_bool y
config RISCV
	bool
config CPU_HAS_FPU
	def_bool y
config FPU
	bool "floating point"
	depends on CPU_HAS_FPU
"""

with tempfile.NamedTemporaryFile("w", suffix="Kconfig", delete=False) as root:
    root.write(ZEPHYR + f'source "{os.path.abspath(sys.argv[1])}"\n')
kconfig = kconfiglib.Kconfig(root.name, warn_to_stderr=False)
os.unlink(root.name)
assert not kconfig.warnings, kconfig.warnings
value = lambda name: kconfig.syms[name].str_value  # noqa: E731
assert value("TIMBREL") == "n" and value("TIMBREL_LISTEN") == "n" and value("FPU") == "n"
kconfig.syms["TIMBREL"].set_value("y")
assert value("TIMBREL_LISTEN") == "y" and value("FPU") == "y"
