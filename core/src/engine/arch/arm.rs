//! The same sums with Arm's DSP extension (Cortex-M4, M7, M33 and ARMv6 or later): `SMLAD` adds two products
//! of 16-bit halves at once. Every sum is exact, so its order does not change a bit.
#![allow(
    unsafe_code,
    reason = "these instructions have no other stable form in Rust"
)]

use core::arch::asm;

use super::{Conv, Job, KernelSet, Packing, portable};

/// The set of a target that has these instructions, which the feature `dsp` states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set;

impl Set {
    pub(super) fn available() -> impl Iterator<Item = Self> {
        [Self].into_iter()
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

    /// Without a packing there is no such convolution.
    pub(super) fn conv(self, _: Conv<'_>) {}
}

impl KernelSet for Set {
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

/// Four sums of products over the same inputs, so that these are loaded and taken apart once.
fn dot4(inputs: &[u8], [a, b, c, d]: [&[i8]; 4]) -> [i32; 4] {
    let (inputs, input_rest) = inputs.as_chunks::<4>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((c, c_rest), (d, d_rest)) = (c.as_chunks::<4>(), d.as_chunks::<4>());
    let sums = [a_rest, b_rest, c_rest, d_rest].map(|rest| portable::dot(input_rest, rest));
    dot4_words(inputs, [a, b, c, d], sums)
}

/// The inner loop, which needs every register there is: hence a function of its own.
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

/// Four activations as two words of two halves each: those at even places, and those at odd ones.
#[inline(always)]
fn halves(activations: [u8; 4]) -> [u32; 2] {
    let word = u32::from_le_bytes(activations);
    [word & EVEN, (word >> 8) & EVEN]
}

/// Adds four products to a sum.
#[inline(always)]
fn multiply([even, odd]: [u32; 2], weights: [i8; 4], mut sum: i32) -> i32 {
    let mut word = u32::from_le_bytes(weights.map(i8::cast_unsigned));
    // SAFETY: these instructions read and write the named registers and the saturation flag alone.
    unsafe {
        let weights: u32;
        asm!("sxtb16 {}, {}", lateout(reg) weights, in(reg) word, options(pure, nomem, nostack));
        asm!("sxtb16 {0}, {0}, ror #8", inlateout(reg) word, options(pure, nomem, nostack));
        asm!("smlad {0}, {1}, {2}, {0}", inlateout(reg) sum, in(reg) even, in(reg) weights,
            options(pure, nomem, nostack));
        asm!("smlad {0}, {1}, {2}, {0}", inlateout(reg) sum, in(reg) odd, in(reg) word,
            options(pure, nomem, nostack));
    }
    sum
}
