//! Depthwise convolution of four channels at a time: `SMLABB` and `SMLATT` multiply the inputs and the widened weights
//! of a tap where they are, and the four results are one word.

use core::arch::asm;

use super::requantise::{requantise, to_top};
use crate::engine::arch::{Depthwise, Inside};

/// Operands of the loop, which reads them at these offsets: 4 bytes each.
#[repr(C)]
struct Operands {
    input: *const u8,
    weights: *const u8,
    outputs: *mut u8,
    /// Blocks of four channels, at least one.
    count: usize,
    /// Bytes from a tap's inputs to those of the next.
    pixel: usize,
    /// Bytes from a row's inputs to those of the next.
    row: usize,
    rows: usize,
    columns: usize,
    /// Bytes from the end of a row's inputs to those of the next.
    row_rest: usize,
    /// Bytes of a block's weights before those of the first tap.
    before: usize,
    /// Bytes of weights between two rows of taps.
    between: usize,
    /// Bytes of a block's weights.
    block: usize,
    /// As in [`Requantise`](crate::engine::int8::Requantise).
    below_half: u32,
    shift: u32,
    to_top: u32,
}

/// Run the loop over all whole blocks, and over the last four channels where these end otherwise. Return whether it could:
/// everything that it touches is in the slices.
pub(super) fn depthwise(kernel: &Depthwise<'_>, outputs: &mut [u8]) -> bool {
    let inside = kernel.inside;
    let channels = outputs.len();
    let Inside { rows, columns, .. } = inside;
    if channels < 4 || rows == 0 || columns == 0 || columns > kernel.width {
        return false;
    }
    let block = Depthwise::block(kernel.taps);
    let blocks = channels.div_ceil(4);
    let last_input = (rows - 1) * inside.row + columns * channels;
    let last_tap = inside.first_tap + (rows - 1) * kernel.width + columns;
    if last_input > kernel.input.len()
        || last_tap > kernel.taps
        || blocks * block > kernel.weights.len()
        || inside.row < columns * channels
    {
        return false;
    }
    let requantise = kernel.requantise;
    let mut operands = Operands {
        input: kernel.input.as_ptr(),
        weights: kernel.weights.as_ptr().cast(),
        outputs: outputs.as_mut_ptr(),
        count: channels / 4,
        pixel: channels,
        row: inside.row,
        rows,
        columns,
        row_rest: inside.row - columns * channels,
        before: 16 + 8 * inside.first_tap,
        between: 8 * (kernel.width - columns),
        block: 16 * block,
        below_half: requantise.below_half,
        shift: requantise.shift,
        to_top: to_top(requantise),
    };
    // SAFETY: the inputs and weights of the taps inside are in their slices for all channels, as just checked. The loop
    // takes four channels at a time, up to `channels / 4 · 4` and then from four before the end.
    unsafe {
        depthwise_loop(&mut operands);
        if !channels.is_multiple_of(4) {
            let first = Depthwise::channel(blocks - 1, channels);
            operands.input = kernel.input.as_ptr().add(first);
            operands.outputs = outputs.as_mut_ptr().add(first);
            operands.count = 1;
            depthwise_loop(&mut operands);
        }
    }
    true
}

/// Instructions that add the products of a tap: of the inputs at `$inputs` and the weights at r5, which moves on.
macro_rules! tap {
    ($inputs:literal) => {
        concat!(
            "ldr r4, ",
            $inputs,
            "\n",
            "ldrd r2, r3, [r5], #8\n",
            "uxtb16 r6, r4\n",
            "uxtb16 r4, r4, ror #8\n",
            "smlabb r8, r6, r2, r8\n",
            "smlatt r10, r6, r2, r10\n",
            "smlabb r9, r4, r3, r9\n",
            "smlatt r11, r4, r3, r11",
        )
    };
}

/// # Safety
/// For each of `count` blocks of four channels, the inputs and weights of the taps inside must be readable and the outputs
/// writable.
#[inline(never)]
unsafe fn depthwise_loop(operands: &mut Operands) {
    // SAFETY: the caller's; what the loop changes of the stack it restores
    unsafe {
        asm!(
            "push {{r4-r11}}",
            "sub sp, sp, #4",
            "mov lr, r0",
            "ldr r1, [lr, #16]",
            // r0 inputs, r1 bytes to the next tap's, r5 weights, r8 to r11 the sums
            "2:",
            "ldr r0, [lr]",
            "ldr r5, [lr, #4]",
            "ldr r12, [lr, #24]",
            "ldmia r5, {{r8-r11}}",
            "ldr r3, [lr, #36]",
            "ldr r7, [lr, #28]",
            "ldr r2, [lr, #40]",
            "add r5, r5, r3",
            "cmp r7, #3",
            "bne 4f",
            "cmp r2, #0",
            "bne 4f",
            // a kernel of three columns, all inside
            "ldr r7, [lr, #20]",
            "3:",
            tap!("[r0]"),
            tap!("[r0, r1]"),
            tap!("[r0, r1, lsl #1]"),
            "add r0, r0, r7",
            "subs r12, r12, #1",
            "bne 3b",
            "b 6f",
            // any other
            "4:",
            "ldr r7, [lr, #28]",
            "5:",
            tap!("[r0]"),
            "add r0, r0, r1",
            "subs r7, r7, #1",
            "bne 5b",
            "ldr r2, [lr, #32]",
            "ldr r3, [lr, #40]",
            "add r0, r0, r2",
            "add r5, r5, r3",
            "subs r12, r12, #1",
            "bne 4b",
            // requantise: r2 one less than half a step, r3 where the last bit becomes the first, r4 the shift
            "6:",
            "ldr r2, [lr, #48]",
            "ldr r4, [lr, #52]",
            "ldr r3, [lr, #56]",
            requantise!("r8", "r6", "r2", "r4", "r3"),
            requantise!("r9", "r6", "r2", "r4", "r3"),
            requantise!("r10", "r6", "r2", "r4", "r3"),
            requantise!("r11", "r6", "r2", "r4", "r3"),
            "orr r8, r8, r10, lsl #16",
            "orr r9, r9, r11, lsl #16",
            "orr r8, r8, r9, lsl #8",
            // keep the larger of each byte
            "ldr r2, [lr, #8]",
            "ldr r3, [r2]",
            "usub8 r4, r8, r3",
            "sel r8, r8, r3",
            "str r8, [r2], #4",
            "str r2, [lr, #8]",
            "ldr r2, [lr]",
            "ldr r3, [lr, #4]",
            "ldr r4, [lr, #44]",
            "add r2, r2, #4",
            "add r3, r3, r4",
            "str r2, [lr]",
            "str r3, [lr, #4]",
            "ldr r2, [lr, #12]",
            "subs r2, r2, #1",
            "str r2, [lr, #12]",
            "bne 2b",
            "add sp, sp, #4",
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
