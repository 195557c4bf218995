//! Order 4: `((1 − z^-8M) / (1 − z^-1))^4` over bits that stand for ±1, every `8 · M` bits. It is the product of such a
//! filter by 8, whose impulse response of 29 bits is looked up byte by byte, and one by M, of integrators and combs.

use super::FRACTION;

/// Largest `M`.
pub(super) const MAX_FACTOR: u8 = 6;

/// Bytes that the first filter's 29 taps reach over.
const BYTES: usize = 4;

/// For each value of a byte, its contributions to the first filter's output and to the three after it.
static SUMS: [[i16; BYTES]; 256] = {
    let taps = taps();
    let mut sums = [[0; BYTES]; 256];
    let mut value = 0;
    while value < 256 {
        let mut at = 0;
        while at < taps.len() {
            let one = value >> (at % 8) & 1 == 1;
            sums[value][at / 8] += if one { taps[at] } else { -taps[at] };
            at += 1;
        }
        value += 1;
    }
    sums
};

/// Convolve four times eight ones: 29 taps, then zeros.
const fn taps() -> [i16; 8 * BYTES] {
    let mut taps = [0; 8 * BYTES];
    taps[0] = 1;
    let mut order = 0;
    while order < 4 {
        // from the end, so that what is read is still of the order before
        let mut at = taps.len();
        while at > 0 {
            at -= 1;
            let mut back = 1;
            while back < 8 && back <= at {
                taps[at] += taps[at - back];
                back += 1;
            }
        }
        order += 1;
    }
    taps
}

/// Bits after the point of [`SCALES`], beside [`FRACTION`].
const SCALE_FRACTION: u32 = 22;

/// One over the gain `(8 · M)^4`, so that full scale is 1.0.
const SCALES: [i32; MAX_FACTOR as usize + 1] = {
    let mut scales = [0; MAX_FACTOR as usize + 1];
    let mut factor = 2;
    while factor < scales.len() {
        let gain = (8 * factor as u64).pow(4);
        scales[factor] = (((1 << (FRACTION + SCALE_FRACTION)) + gain / 2) / gain) as i32;
        factor += 1;
    }
    scales
};

#[derive(Clone, Debug)]
pub(super) struct Cic {
    /// M.
    factor: u8,
    /// Bytes until the next output.
    left: u8,
    /// Contribution of the bytes so far to the first filter's next outputs.
    pending: [i32; BYTES - 1],
    /// Running sums; they overflow, and the combs' differences are right all the same.
    integrators: [i32; 4],
    /// Last inputs of the combs.
    combs: [i32; 4],
}

impl Cic {
    pub(super) const fn new(factor: u8) -> Self {
        Self {
            factor,
            left: factor,
            pending: [0; BYTES - 1],
            integrators: [0; 4],
            combs: [0; 4],
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.factor);
    }

    /// Take bytes up to the one that completes a sample, or all of them; return their number and the sample, with
    /// [`FRACTION`] bits after the point. `ordered` gives a byte with its first bit the most significant.
    #[inline(always)]
    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        ordered: impl Fn(u8) -> u8,
    ) -> (usize, Option<i32>) {
        let count = bytes.len().min(usize::from(self.left));
        let [mut second, mut third, mut fourth] = self.pending;
        let [mut a, mut b, mut c, mut d] = self.integrators;
        for byte in bytes.get(..count).unwrap_or_default() {
            let sums = SUMS[usize::from(ordered(*byte))].map(i32::from);
            a = a.wrapping_add(second + sums[0]);
            second = third + sums[1];
            third = fourth + sums[2];
            fourth = sums[3];
            b = b.wrapping_add(a);
            c = c.wrapping_add(b);
            d = d.wrapping_add(c);
        }
        self.pending = [second, third, fourth];
        self.integrators = [a, b, c, d];
        self.left -= count as u8;
        if self.left > 0 {
            return (count, None);
        }
        self.left = self.factor;
        (count, Some(self.comb(d)))
    }

    fn comb(&mut self, mut sum: i32) -> i32 {
        for comb in &mut self.combs {
            let difference = sum.wrapping_sub(*comb);
            *comb = sum;
            sum = difference;
        }
        let scale = SCALES.get(usize::from(self.factor)).copied();
        let scaled = i64::from(sum) * i64::from(scale.unwrap_or_default());
        ((scaled + (1 << (SCALE_FRACTION - 1))) >> SCALE_FRACTION) as i32
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_tap_counts_the_ways_to_its_place() {
        let mut ways = [0; 8 * BYTES];
        for steps in 0..8_usize.pow(4) {
            let place: usize = (0..4).map(|digit| steps >> (3 * digit) & 7).sum();
            ways[place] += 1;
        }
        assert_eq!(taps(), ways);
    }

    #[test]
    fn equals_the_convolution_of_four_boxes() {
        for factor in 2..=MAX_FACTOR {
            let length = 8 * usize::from(factor);
            let mut impulse = std::vec![1.0_f64];
            for _ in 0..4 {
                let mut longer = std::vec![0.0; impulse.len() + length - 1];
                for (at, value) in impulse.iter().enumerate() {
                    for slot in &mut longer[at..at + length] {
                        *slot += value / length as f64;
                    }
                }
                impulse = longer;
            }
            let bytes: Vec<u8> = (0..400_u32).map(|i| ((i * i * 37) >> 3) as u8).collect();
            let bits: Vec<f64> = bytes
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
                .map(|bit| f64::from(bit) * 2.0 - 1.0)
                .collect();
            let mut cic = Cic::new(factor);
            let mut compared = 0;
            for (index, byte) in bytes.iter().enumerate() {
                let (1, Some(sample)) = cic.next(&[*byte], |byte| byte) else {
                    continue;
                };
                let newest = 8 * index + 7;
                if newest < impulse.len() + 32 {
                    continue;
                }
                let exact: f64 = (impulse.iter().enumerate())
                    .map(|(back, tap)| tap * bits[newest - back])
                    .sum();
                let error = f64::from(sample) - exact * f64::from(1 << FRACTION);
                assert!(error.abs() < 2.0, "÷ {length}: off by {error}");
                compared += 1;
            }
            assert!(compared > 40);
        }
    }
}
