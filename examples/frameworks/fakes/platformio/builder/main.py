"""The compiler, its flags and the linker's, from the environment that build.sh sets, as a framework's script sets them."""

import os

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
tools = os.environ["FAKE_CC"].removesuffix("gcc")
env.Replace(
    CC=tools + "gcc", CXX=tools + "g++", LINK=tools + "gcc", AR=tools + "ar", RANLIB=tools + "ranlib", PROGSUFFIX=".elf"
)
env.Append(CCFLAGS=os.environ["FAKE_FLAGS"].split(), LINKFLAGS=os.environ["FAKE_FLAGS"].split() + os.environ["FAKE_LINK"].split())
Default(env.BuildProgram())
