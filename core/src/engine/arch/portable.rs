//! Plain loops, which compilers turn into vector instructions where there are any.

use super::KernelSet;

/// The set that every target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portable;

impl KernelSet for Portable {}

/// Multiply an activation by a weight. It fits in 16 bits, which lets the compiler use the multiply-and-add
/// instructions that work on pairs of them.
#[inline(always)]
fn product(activation: u8, weight: i8) -> i32 {
    i32::from(i16::from(activation)) * i32::from(i16::from(weight))
}

/// Sum of products.
#[inline(always)]
pub(super) fn dot(inputs: &[u8], weights: &[i8]) -> i32 {
    inputs
        .iter()
        .zip(weights)
        .map(|(x, w)| product(*x, *w))
        .sum()
}

/// Compute four sums of products over the same inputs, so that these are loaded once.
#[inline(always)]
pub(super) fn dot4(inputs: &[u8], [a, b, c, d]: [&[i8]; 4]) -> [i32; 4] {
    let mut sums = [0; 4];
    for ((((x, a), b), c), d) in inputs.iter().zip(a).zip(b).zip(c).zip(d) {
        sums[0] += product(*x, *a);
        sums[1] += product(*x, *b);
        sums[2] += product(*x, *c);
        sums[3] += product(*x, *d);
    }
    sums
}

/// Add a product to each sum.
#[inline(always)]
pub(super) fn multiply_add(sums: &mut [i32], values: &[u8], weights: &[i8]) {
    for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
        *sum += product(*value, *weight);
    }
}
