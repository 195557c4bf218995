//! Tools for measuring: marks for the instruction counter, and the depth of the stack.

use core::arch::asm;

unsafe extern "C" {
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Count the instructions of `f`, under QEMU with the plugin in `qemu/icount.c`.
#[inline(never)]
pub fn count<T>(f: impl FnOnce() -> T) -> T {
    // SAFETY: copies a register onto itself.
    unsafe { asm!("mov r10, r10", options(nostack, preserves_flags)) };
    let result = f();
    // SAFETY: copies a register onto itself.
    unsafe { asm!("mov r11, r11", options(nostack, preserves_flags)) };
    result
}

/// Return the most bytes of stack that were in use at any time, interrupts included: those from the first word that no
/// longer has the colour from before `main`.
pub fn stack_used() -> u32 {
    let (end, start) = (&raw const _stack_end, &raw const _stack_start);
    let mut word = end;
    // SAFETY: between these two symbols of the linker script there is nothing but the stack, whose words
    // are aligned and were written before `main`.
    while word < start && unsafe { word.read_volatile() } == cortex_m_rt::STACK_PAINT_VALUE {
        word = word.wrapping_add(1);
    }
    start.addr().saturating_sub(word.addr()) as u32
}
