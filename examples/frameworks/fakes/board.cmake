# Toolchain of the fakes' CMake projects. The environment has the compilers, their flags and the sources of the machine
# below the framework, from build.sh.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_C_COMPILER $ENV{FAKE_CC})
set(CMAKE_CXX_COMPILER $ENV{FAKE_CXX})
set(CMAKE_ASM_COMPILER $ENV{FAKE_CC})
# they are not tried: that takes longer than the program
set(CMAKE_C_COMPILER_FORCED TRUE)
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_C_FLAGS_INIT "$ENV{FAKE_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "$ENV{FAKE_FLAGS}")

# fake_machine(EXECUTABLE SOURCE...): add the framework's fake and the machine, and link for a board of QEMU
macro(fake_machine executable)
    separate_arguments(machine_sources UNIX_COMMAND "$ENV{FAKE_MACHINE}")
    separate_arguments(machine_link UNIX_COMMAND "$ENV{FAKE_LINK}")
    target_sources(${executable} PRIVATE ${ARGN} ${machine_sources})
    target_link_options(${executable} PRIVATE ${machine_link})
endmacro()
