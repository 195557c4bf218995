//! The same sums with Arm's DSP extension (Cortex-M4, M7, M33 and ARMv6 or later): `SMLAD` adds two products
//! of 16-bit halves at once. Every sum is exact, so its order does not change a bit.
#![allow(
    unsafe_code,
    reason = "these instructions have no other stable form in Rust"
)]

use core::arch::asm;

use super::{Conv, Depthwise, Job, KernelSet, Packing, Rows, portable, wide};
use crate::engine::int8::Requantise;

#[path = "arm/depthwise.rs"]
mod depthwise;
#[path = "arm/pairs.rs"]
mod pairs;
#[path = "arm/requantise.rs"]
mod requantise;

/// The set of a target that has these instructions, which the feature `dsp` states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set;

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        [Self].into_iter()
    }

    /// Return whether this set takes two positions at a time in a convolution over weights in place.
    pub(super) const fn takes_pairs(self) -> bool {
        <Self as KernelSet>::PAIRS
    }

    pub(super) const fn name(self) -> &'static str {
        "Arm DSP"
    }

    pub(super) const fn packing(self) -> Option<&'static Packing> {
        None
    }

    pub(super) fn run(self, job: impl Job) {
        job.run(self);
    }

    /// Do nothing: without a packing there are no such convolutions.
    pub(super) fn conv(self, _: Conv<'_>) {}
}

impl KernelSet for Set {
    const PAIRS: bool = true;

    fn widen(self, weights: [i8; 4]) -> [u32; 2] {
        weight_halves(weights)
    }

    fn pairs(self, words: &[[u32; 4]], rows: Rows<'_>, sums: &mut [[i32; 2]]) {
        let done = pairs::pairs(words, rows, sums);
        // an odd output at the end
        if let Some(sums) = sums.get_mut(done..) {
            wide::pairs(words, rows.from(done, words.len()), sums);
        }
    }

    fn keep_requantised(
        self,
        outputs: &mut [u8],
        sums: &[[i32; 2]],
        biases: &[[u8; 4]],
        requantise: Requantise,
    ) {
        let done = requantise::keep_largest(outputs, sums, biases, requantise);
        if let (Some(outputs), Some(sums), Some(biases)) = (
            outputs.get_mut(done..),
            sums.get(done..),
            biases.get(done..),
        ) {
            wide::keep_requantised(outputs, sums, biases, requantise);
        }
    }

    fn depthwise(self, kernel: &Depthwise<'_>, outputs: &mut [u8]) {
        if !depthwise::depthwise(kernel, outputs) {
            wide::depthwise(kernel, outputs);
        }
    }

    fn keep_largest(self, kept: &mut [u8], values: &[u8]) {
        keep_largest(kept, values);
    }

    fn dot(self, inputs: &[u8], weights: &[i8]) -> i32 {
        dot(inputs, weights)
    }

    fn dot4(self, inputs: &[u8], weights: [&[i8]; 4]) -> [i32; 4] {
        dot4(inputs, weights)
    }
}

/// Bytes 0 and 2 of a word as two halves.
const EVEN: u32 = 0x00ff_00ff;

/// Sum of products.
fn dot(inputs: &[u8], weights: &[i8]) -> i32 {
    let (inputs, input_rest) = inputs.as_chunks::<4>();
    let (weights, weight_rest) = weights.as_chunks::<4>();
    let mut sum = portable::dot(input_rest, weight_rest);
    for (x, w) in inputs.iter().zip(weights) {
        sum = multiply(halves(*x), *w, sum);
    }
    sum
}

/// Compute four sums of products over the same inputs, so that these are loaded and taken apart once.
fn dot4(inputs: &[u8], [a, b, c, d]: [&[i8]; 4]) -> [i32; 4] {
    let (inputs, input_rest) = inputs.as_chunks::<4>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((c, c_rest), (d, d_rest)) = (c.as_chunks::<4>(), d.as_chunks::<4>());
    let sums = [a_rest, b_rest, c_rest, d_rest].map(|rest| portable::dot(input_rest, rest));
    dot4_words(inputs, [a, b, c, d], sums)
}

/// Run the inner loop, which needs every register there is and is therefore a function of its own.
#[inline(never)]
fn dot4_words(inputs: &[[u8; 4]], [a, b, c, d]: [&[[i8; 4]]; 4], sums: [i32; 4]) -> [i32; 4] {
    let [mut sum_a, mut sum_b, mut sum_c, mut sum_d] = sums;
    for ((((x, a), b), c), d) in inputs.iter().zip(a).zip(b).zip(c).zip(d) {
        let x = halves(*x);
        sum_a = multiply(x, *a, sum_a);
        sum_b = multiply(x, *b, sum_b);
        sum_c = multiply(x, *c, sum_c);
        sum_d = multiply(x, *d, sum_d);
    }
    [sum_a, sum_b, sum_c, sum_d]
}

/// Replace each value of `kept` by the one in `values` where that is larger.
fn keep_largest(kept: &mut [u8], values: &[u8]) {
    let (kept, kept_rest) = kept.as_chunks_mut::<4>();
    let (values, rest) = values.as_chunks::<4>();
    // where there are fewer values than kept ones, or more, what is left of the shorter ends it
    let rest = values.get(kept.len()).map_or(rest, <[u8; 4]>::as_slice);
    for (kept, values) in kept.iter_mut().zip(values) {
        let mut word = u32::from_le_bytes(*kept);
        let new = u32::from_le_bytes(*values);
        // SAFETY: these instructions read and write the named registers and the flags alone.
        unsafe {
            asm!("usub8 {2}, {0}, {1}", "sel {0}, {0}, {1}", inlateout(reg) word, in(reg) new, out(reg) _,
                options(pure, nomem, nostack));
        }
        *kept = word.to_le_bytes();
    }
    for (kept, value) in kept_rest.iter_mut().zip(rest) {
        *kept = (*kept).max(*value);
    }
}

/// Return four activations as two words of two halves each: those at even places, and those at odd ones.
#[inline(always)]
fn halves(activations: [u8; 4]) -> [u32; 2] {
    let word = u32::from_le_bytes(activations);
    [word & EVEN, (word >> 8) & EVEN]
}

/// Add four products to a sum.
#[inline(always)]
fn multiply(inputs: [u32; 2], weights: [i8; 4], sum: i32) -> i32 {
    add(weight_halves(weights), inputs, sum)
}

/// Return four weights as two words of two halves each, with their signs.
#[inline(always)]
fn weight_halves(weights: [i8; 4]) -> [u32; 2] {
    let mut word = u32::from_le_bytes(weights.map(i8::cast_unsigned));
    let even: u32;
    // SAFETY: these instructions read and write the named registers alone.
    unsafe {
        asm!("sxtb16 {}, {}", lateout(reg) even, in(reg) word, options(pure, nomem, nostack));
        asm!("sxtb16 {0}, {0}, ror #8", inlateout(reg) word, options(pure, nomem, nostack));
    }
    [even, word]
}

/// Add the products of two words of halves each to a sum.
#[inline(always)]
fn add(weights: [u32; 2], inputs: [u32; 2], mut sum: i32) -> i32 {
    // SAFETY: these instructions read and write the named registers and the saturation flag alone.
    unsafe {
        asm!("smlad {0}, {1}, {2}, {0}", inlateout(reg) sum, in(reg) inputs[0], in(reg) weights[0],
            options(pure, nomem, nostack));
        asm!("smlad {0}, {1}, {2}, {0}", inlateout(reg) sum, in(reg) inputs[1], in(reg) weights[1],
            options(pure, nomem, nostack));
    }
    sum
}
