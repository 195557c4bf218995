"""Link the archive for the board's core and floating-point ABI, which the framework's compiler flags tell.

PlatformIO runs this as the library's `extraScript`.
"""

from os.path import isfile, join

Import("env", "pio_lib_builder")  # noqa: F821: SCons defines it

# (-mcpu, -mfloat-abi or "soft") to the folder below lib/
ARM = {
    ("cortex-m0", "soft"): "cortex-m0plus",
    ("cortex-m0plus", "soft"): "cortex-m0plus",
    ("cortex-m3", "soft"): "cortex-m3",
    ("cortex-m4", "soft"): "cortex-m3",
    ("cortex-m4", "softfp"): "cortex-m4f-softfp",
    ("cortex-m4", "hard"): "cortex-m4f",
    ("cortex-m7", "soft"): "cortex-m3",
    ("cortex-m7", "softfp"): "cortex-m4f-softfp",
    ("cortex-m7", "hard"): "cortex-m7",
    ("cortex-m33", "soft"): "cortex-m33",
    ("cortex-m33", "softfp"): "cortex-m33f-softfp",
    ("cortex-m33", "hard"): "cortex-m33f",
    ("cortex-m55", "hard"): "cortex-m55",
}
ESP = {
    "esp32c2": "rv32imc",
    "esp32c3": "rv32imc",
    "esp32c5": "rv32imac",
    "esp32c6": "rv32imac",
    "esp32h2": "rv32imac",
    "esp32p4": "rv32imafc",
}


def option(flags, name, default=None):
    """Return the value of the last `-mNAME=VALUE` among the flags."""
    values = [flag.split("=", 1)[1] for flag in flags if str(flag).startswith(f"-m{name}=")]
    return values[-1] if values else default


def core(flags, board):
    """Return the folder below lib/ for compiler flags and the board's configuration, or None."""
    mcu = board.get("build.mcu", "")
    if mcu.startswith("esp32"):
        return ESP.get(mcu)
    abi = option(flags, "abi")
    if abi:  # RISC-V
        isa = option(flags, "arch", "").split("_")[0]
        if abi == "ilp32f" and "f" in isa:
            return "rv32imafc"
        if abi == "ilp32":
            return "rv32imac" if "a" in isa[4:] else "rv32imc"
        return None
    cpu = option(flags, "cpu", board.get("build.cpu", "")).split("+")[0]
    return ARM.get((cpu, option(flags, "float-abi", "soft")))


project = DefaultEnvironment()  # noqa: F821
flags = [str(flag) for name in ("CCFLAGS", "CFLAGS", "LINKFLAGS") for flag in project.Flatten(project.get(name, []))]
folder = core(flags, env.BoardConfig())  # noqa: F821
library = join(pio_lib_builder.path, "lib", folder or "")  # noqa: F821
if not folder or not isfile(join(library, "libtimbrel.a")):
    print(f"Timbrel has no archive for this board ({folder or env.BoardConfig().get('build.mcu', 'unknown')})")  # noqa: F821
    env.Exit(1)  # noqa: F821
project.Append(LIBPATH=[library], LIBS=["timbrel"])
