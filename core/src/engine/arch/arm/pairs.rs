//! Sums of convolutions at two positions and for two outputs at a time: all four share the loads, so that of each four
//! taps 16 products take eight `SMLAD` and five to eight instructions more.
//!
//! The loops need every register there is, of which the compiler keeps some for itself: they save these on the stack and
//! give them back.

use core::arch::asm;

use crate::engine::arch::Rows;

/// Operands of both loops, which read them at these offsets: 4 bytes each.
#[repr(C)]
struct Operands {
    words: *const [u32; 4],
    /// One past the last words, or past the last whole step of weights in place.
    end: *const [u32; 4],
    weights: *const u8,
    /// Pairs of outputs, at least one.
    count: usize,
    sums: *mut [i32; 2],
    /// Bytes from the weights of an output to those of the next.
    row: usize,
    /// One past the last words; another address than `end` where the last step is not whole.
    last: *const [u32; 4],
    /// Bytes of the last step that an earlier one has taken.
    seen: usize,
}

/// Compute the sums of all whole pairs of outputs. Return how many outputs that were.
pub(super) fn pairs(all: &[[u32; 4]], rows: Rows<'_>, sums: &mut [[i32; 2]]) -> usize {
    let (taps, whole, steps) = (rows.taps, rows.taps / 4, all.len());
    if whole == 0 || steps != taps.div_ceil(4) {
        return 0;
    }
    let is_wide = !rows.wide.is_empty();
    let outputs = if is_wide {
        rows.wide.len() / steps * 2
    } else {
        rows.in_place.len() / taps
    };
    let count = outputs.min(sums.len()) / 2;
    if count == 0 {
        return 0;
    }
    let words = all.as_ptr();
    let mut operands = Operands {
        words,
        end: words.wrapping_add(whole),
        weights: rows.in_place.as_ptr().cast(),
        count,
        sums: sums.as_mut_ptr(),
        row: taps,
        last: words.wrapping_add(steps),
        seen: 4 * steps - taps,
    };
    // SAFETY: there are `steps` words, the first `whole` of them before `end`; weights of `2 · count` outputs, each
    // `taps` bytes in place or each two as many words as the inputs; and `2 · count` sums.
    unsafe {
        if is_wide {
            operands.weights = rows.wide.as_ptr().cast();
            wide_loop(&operands);
        } else {
            in_place_loop(&operands);
        }
    }
    2 * count
}

/// A step: r2 and r3 are two inputs of each position, r10 and r11 the weights, r12 two of them.
macro_rules! in_place_step {
    () => {
        concat!(
            "ldr r10, [r1], #4\n",
            "ldr r11, [r4], #4\n",
            "ldrd r2, r3, [r0], #8\n",
            "sxtb16 r12, r10\n",
            "smlad r6, r2, r12, r6\n",
            "smlad r7, r3, r12, r7\n",
            "sxtb16 r12, r11\n",
            "smlad r8, r2, r12, r8\n",
            "smlad r9, r3, r12, r9\n",
            "ldrd r2, r3, [r0], #8\n",
            "sxtb16 r10, r10, ror #8\n",
            "sxtb16 r11, r11, ror #8\n",
            "smlad r6, r2, r10, r6\n",
            "smlad r7, r3, r10, r7\n",
            "smlad r8, r2, r11, r8\n",
            "smlad r9, r3, r11, r9",
        )
    };
}

/// # Safety
/// `words` up to `last` must be readable, at least one before `end`; `2 · count` rows of weights; as many sums
/// must be writable.
#[inline(never)]
unsafe fn in_place_loop(operands: &Operands) {
    // SAFETY: the caller's; what the loop changes of the stack it restores
    unsafe {
        asm!(
            "push {{r4-r11}}",
            "sub sp, sp, #12",
            "str r0, [sp]",
            "ldr r1, [r0, #8]",
            "ldr r2, [r0, #12]",
            "str r2, [sp, #4]",
            "ldr lr, [r0, #16]",
            // r0 words, r1 and r4 both outputs' weights, r5 the end, r6 to r9 the sums, lr where they go
            "2:",
            "ldr r2, [sp]",
            "ldr r3, [r2, #20]",
            "ldr r0, [r2]",
            "ldr r5, [r2, #4]",
            "add r4, r1, r3",
            "mov r6, #0",
            "mov r7, #0",
            "mov r8, #0",
            "mov r9, #0",
            // an odd number of steps begins with the second of two
            "sub r3, r5, r0",
            "tst r3, #16",
            "bne 5f",
            "3:",
            in_place_step!(),
            "5:",
            in_place_step!(),
            "cmp r0, r5",
            "bne 3b",
            // the last four taps, where the words end before them
            "ldr r2, [sp]",
            "ldr r5, [r2, #24]",
            "cmp r0, r5",
            "beq 4f",
            "ldr r3, [r2, #28]",
            "sub r1, r1, r3",
            "sub r4, r4, r3",
            "b 5b",
            "4:",
            "stmia lr!, {{r6-r9}}",
            "mov r1, r4",
            "ldr r2, [sp, #4]",
            "subs r2, r2, #1",
            "str r2, [sp, #4]",
            "bne 2b",
            "add sp, sp, #12",
            "pop {{r4-r11}}",
            // the loop saves the others itself: some of them cannot be named here
            inout("r0") operands => _,
            out("r1") _,
            out("r2") _,
            out("r3") _,
            out("r12") _,
            out("lr") _,
        );
    }
}

/// A step: r4 and r5 are two inputs of each position, r2, r3, r10 and r11 the weights.
macro_rules! wide_step {
    () => {
        concat!(
            "ldmia r1!, {{r2, r3, r10, r11}}\n",
            "ldrd r4, r5, [r0], #8\n",
            "smlad r6, r4, r2, r6\n",
            "smlad r7, r5, r2, r7\n",
            "smlad r8, r4, r3, r8\n",
            "smlad r9, r5, r3, r9\n",
            "ldrd r4, r5, [r0], #8\n",
            "smlad r6, r4, r10, r6\n",
            "smlad r7, r5, r10, r7\n",
            "smlad r8, r4, r11, r8\n",
            "smlad r9, r5, r11, r9",
        )
    };
}

/// # Safety
/// `words` up to `last` must be readable, at least one; as many of `weights` for each of `count`; `2 · count` sums must be
/// writable.
#[inline(never)]
unsafe fn wide_loop(operands: &Operands) {
    // SAFETY: the caller's; what the loop changes of the stack it restores
    unsafe {
        asm!(
            "push {{r4-r11}}",
            "sub sp, sp, #12",
            "ldr r12, [r0]",
            "ldr lr, [r0, #24]",
            "ldr r1, [r0, #8]",
            "ldr r2, [r0, #12]",
            "ldr r3, [r0, #16]",
            "str r12, [sp]",
            "str r2, [sp, #4]",
            "str r3, [sp, #8]",
            // r0 words, r1 weights, lr the words' end, r6 to r9 the sums
            "2:",
            "ldr r0, [sp]",
            "mov r6, #0",
            "mov r7, #0",
            "mov r8, #0",
            "mov r9, #0",
            "sub r2, lr, r0",
            "tst r2, #16",
            "bne 4f",
            "3:",
            wide_step!(),
            "4:",
            wide_step!(),
            "cmp r0, lr",
            "bne 3b",
            "ldr r2, [sp, #8]",
            "ldr r3, [sp, #4]",
            "stmia r2!, {{r6-r9}}",
            "str r2, [sp, #8]",
            "subs r3, r3, #1",
            "str r3, [sp, #4]",
            "bne 2b",
            "add sp, sp, #12",
            "pop {{r4-r11}}",
            // the loop saves the others itself: some of them cannot be named here
            inout("r0") operands => _,
            out("r1") _,
            out("r2") _,
            out("r3") _,
            out("r12") _,
            out("lr") _,
        );
    }
}
