# Sourced by the scripts that build for 32-bit x86: chooses what links the programs, Debian's gcc-i686-linux-gnu or else
# `gcc -m32`. gcc-multilib cannot stand beside compilers for Arm.

# runs_i686 FOLDER: whether a program for 32-bit x86 can be linked, in the folder, and run here
runs_i686() {
    local linker=(gcc -m32)
    if command -v i686-linux-gnu-gcc >/dev/null; then
        linker=(i686-linux-gnu-gcc)
        export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc
    fi
    if ! echo 'int main(void) { return 0; }' | "${linker[@]}" -x c - -o "$1/main" 2>/dev/null || ! "$1/main"; then
        echo "skipped: no gcc for 32-bit x86 (gcc-i686-linux-gnu and libc6-i386), or no kernel that runs its programs"
        return 1
    fi
}
