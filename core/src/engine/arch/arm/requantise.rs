//! Requantising the sums of four outputs at a time, which become one word.

use core::arch::asm;

use crate::engine::int8::Requantise;

/// Operands of the loop, which reads them at these offsets: 4 bytes each.
#[repr(C)]
struct Operands {
    sums: *const [i32; 2],
    biases: *const u8,
    outputs: *mut u8,
    end: *const u8,
    /// As in [`Requantise`].
    below_half: u32,
    shift: u32,
    to_top: u32,
}

/// Return by how many bits a sum is moved for the last bit of its result to become the first of the word; 32, which leaves
/// nothing, where there is nothing to round.
pub(super) fn to_top(requantise: Requantise) -> u32 {
    match requantise.odd {
        0 => 32,
        _ => 31 - requantise.shift,
    }
}

/// Requantise the larger of each two sums, with its bias, and keep the larger of what is in `outputs` and what is new, for as
/// many outputs as a multiple of four. Return how many outputs that were.
pub(super) fn keep_largest(
    outputs: &mut [u8],
    sums: &[[i32; 2]],
    biases: &[[u8; 4]],
    requantise: Requantise,
) -> usize {
    let count = outputs.len().min(sums.len()).min(biases.len()) / 4 * 4;
    if count == 0 {
        return 0;
    }
    let operands = Operands {
        sums: sums.as_ptr(),
        biases: biases.as_ptr().cast(),
        outputs: outputs.as_mut_ptr(),
        end: outputs.as_ptr().wrapping_add(count),
        below_half: requantise.below_half,
        shift: requantise.shift,
        to_top: to_top(requantise),
    };
    // SAFETY: each of the three has `count`, a positive multiple of four.
    unsafe { keep_largest_loop(&operands) };
    count
}

/// Instructions that requantise a sum in a register: `$below` holds one less than half a step, `$shift` the shift, `$top` what
/// [`to_top`] returns; `$odd` is overwritten.
#[rustfmt::skip]
macro_rules! requantise {
    ($sum:literal, $odd:literal, $below:literal, $shift:literal, $top:literal) => {
        concat!(
            "bic ", $sum, ", ", $sum, ", ", $sum, ", asr #31\n",
            "lsl ", $odd, ", ", $sum, ", ", $top, "\n",
            "add ", $sum, ", ", $sum, ", ", $below, "\n",
            "add ", $sum, ", ", $sum, ", ", $odd, ", lsr #31\n",
            "lsr ", $sum, ", ", $sum, ", ", $shift, "\n",
            "usat ", $sum, ", #8, ", $sum,
        )
    };
}
pub(super) use requantise;

/// Instructions that take the larger of two sums, add the bias and requantise.
#[rustfmt::skip]
macro_rules! largest {
    ($sum:literal, $other:literal) => {
        concat!(
            "ldrd ", $sum, ", ", $other, ", [r0], #8\n",
            "ldr r7, [r1], #4\n",
            "cmp ", $sum, ", ", $other, "\n",
            "it lt\n",
            "movlt ", $sum, ", ", $other, "\n",
            "add ", $sum, ", ", $sum, ", r7\n",
            requantise!($sum, "r7", "r4", "r5", "r6"),
        )
    };
}

/// # Safety
/// `outputs` up to `end`, a positive multiple of four, must be writable, and as many of the others readable.
#[inline(never)]
unsafe fn keep_largest_loop(operands: &Operands) {
    // SAFETY: the caller's; what the loop changes of the stack it restores
    unsafe {
        asm!(
            "push {{r4-r11}}",
            // r0 sums, r1 biases, r2 outputs, r3 their end, r4 one less than half a step, r5 the shift, r6 to the top
            "ldmia r0, {{r0-r6}}",
            "2:",
            largest!("r8", "r9"),
            largest!("r10", "r11"),
            "orr r8, r8, r10, lsl #8",
            largest!("r10", "r11"),
            "orr r8, r8, r10, lsl #16",
            largest!("r10", "r11"),
            "orr r8, r8, r10, lsl #24",
            // the larger of each byte
            "ldr r9, [r2]",
            "usub8 r10, r8, r9",
            "sel r8, r8, r9",
            "str r8, [r2], #4",
            "cmp r2, r3",
            "bne 2b",
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
