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

    fn pairs(self, words: &[[u32; 4]], weights: [&[i8]; 2]) -> [[i32; 2]; 2] {
        pairs(words, weights)
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

/// Run the inner loop of [`KernelSet::pairs`]: each weight is loaded and taken apart once for two positions. It needs
/// every register there is, more than the compiler finds, and is therefore a loop of its own.
#[inline(never)]
fn pairs(all: &[[u32; 4]], rows: [&[i8]; 2]) -> [[i32; 2]; 2] {
    let [a, b] = rows.map(|row| row.as_chunks::<4>().0);
    let count = all.len().min(a.len()).min(b.len());
    let [mut first_a, mut first_b, mut second_a, mut second_b] = [0; 4];
    if count == 0 {
        return [[0; 2]; 2];
    }
    let words = all.as_ptr();
    // SAFETY: `count` words are read from each of the three slices, which have as many; the sums stay in registers.
    unsafe {
        asm!(
            "2:",
            "ldr {w_a}, [{a}], #4",
            "ldr {w_b}, [{b}], #4",
            "ldr {x}, [{words}], #16",
            "sxtb16 {even_a}, {w_a}",
            "sxtb16 {even_b}, {w_b}",
            "smlad {first_a}, {x}, {even_a}, {first_a}",
            "smlad {first_b}, {x}, {even_b}, {first_b}",
            "ldr {x}, [{words}, #-8]",
            "smlad {second_a}, {x}, {even_a}, {second_a}",
            "smlad {second_b}, {x}, {even_b}, {second_b}",
            "sxtb16 {w_a}, {w_a}, ror #8",
            "sxtb16 {w_b}, {w_b}, ror #8",
            "ldr {x}, [{words}, #-12]",
            "smlad {first_a}, {x}, {w_a}, {first_a}",
            "smlad {first_b}, {x}, {w_b}, {first_b}",
            "ldr {x}, [{words}, #-4]",
            "smlad {second_a}, {x}, {w_a}, {second_a}",
            "smlad {second_b}, {x}, {w_b}, {second_b}",
            "cmp {words}, {end}",
            "bne 2b",
            words = inout(reg) words => _,
            end = in(reg) words.add(count),
            a = inout(reg) a.as_ptr() => _,
            b = inout(reg) b.as_ptr() => _,
            first_a = inout(reg) first_a,
            first_b = inout(reg) first_b,
            second_a = inout(reg) second_a,
            second_b = inout(reg) second_b,
            w_a = out(reg) _,
            w_b = out(reg) _,
            even_a = out(reg) _,
            even_b = out(reg) _,
            x = out(reg) _,
            options(readonly, nostack),
        );
    }
    // the last four taps, where the words end before them
    if let (Some([even, odd, second_even, second_odd]), [Some(a), Some(b)]) =
        (all.get(count), rows.map(<[i8]>::last_chunk::<4>))
    {
        let weights = weight_halves(*a);
        first_a = add(weights, [*even, *odd], first_a);
        second_a = add(weights, [*second_even, *second_odd], second_a);
        let weights = weight_halves(*b);
        first_b = add(weights, [*even, *odd], first_b);
        second_b = add(weights, [*second_even, *second_odd], second_b);
    }
    [[first_a, second_a], [first_b, second_b]]
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
