//! Plain loops, which compilers turn into vector instructions where there are any.

/// Product of an activation and a weight. It fits in 16 bits, which lets the compiler use the
/// multiply-and-add instructions that work on pairs of them.
pub(in crate::engine) fn product(activation: u8, weight: i8) -> i32 {
    i32::from(i16::from(activation)) * i32::from(i16::from(weight))
}

/// Sum of products.
pub(in crate::engine) fn dot(inputs: &[u8], weights: &[i8]) -> i32 {
    inputs
        .iter()
        .zip(weights)
        .map(|(x, w)| product(*x, *w))
        .sum()
}

/// Four sums of products over the same inputs, so that these are loaded once.
#[cfg_attr(all(feature = "dsp", target_arch = "arm"), expect(dead_code))]
pub(in crate::engine) fn dot4(inputs: &[u8], [a, b, c, d]: [&[i8]; 4]) -> [i32; 4] {
    let mut sums = [0; 4];
    for ((((x, a), b), c), d) in inputs.iter().zip(a).zip(b).zip(c).zip(d) {
        sums[0] += product(*x, *a);
        sums[1] += product(*x, *b);
        sums[2] += product(*x, *c);
        sums[3] += product(*x, *d);
    }
    sums
}
