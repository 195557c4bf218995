//! Values that change places between vectors. From plain loops the compiler makes moves of single values.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::{
    __m128, _mm_movehl_ps, _mm_movelh_ps, _mm_shuffle_ps, _mm_unpackhi_ps, _mm_unpacklo_ps,
};

/// Turn rows into columns.
#[inline(always)]
pub(crate) fn transposed(rows: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    #[cfg(target_arch = "x86_64")]
    {
        let [a, b, c, d]: [__m128; 4] = bytemuck::cast(rows);
        // SAFETY: every x86-64 processor has these instructions.
        #[expect(unsafe_code, reason = "the compiler asks for the extension by name")]
        let columns = unsafe {
            let (low, high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
            let (next_low, next_high) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
            [
                _mm_movelh_ps(low, next_low),
                _mm_movehl_ps(next_low, low),
                _mm_movelh_ps(high, next_high),
                _mm_movehl_ps(next_high, high),
            ]
        };
        bytemuck::cast(columns)
    }
    #[cfg(not(target_arch = "x86_64"))]
    core::array::from_fn(|column| rows.map(|row| row[column]))
}

/// Return the first values of four pairs, and the second ones.
#[inline(always)]
pub(crate) fn unzipped(pairs: [[f32; 4]; 2]) -> [[f32; 4]; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        const FIRSTS: i32 = 0b10_00_10_00;
        const SECONDS: i32 = 0b11_01_11_01;
        let [a, b]: [__m128; 2] = bytemuck::cast(pairs);
        // SAFETY: every x86-64 processor has this instruction.
        #[expect(unsafe_code, reason = "the compiler asks for the extension by name")]
        let parts = unsafe {
            [
                _mm_shuffle_ps::<FIRSTS>(a, b),
                _mm_shuffle_ps::<SECONDS>(a, b),
            ]
        };
        bytemuck::cast(parts)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let [[a, b, c, d], [e, f, g, h]] = pairs;
        [[a, c, e, g], [b, d, f, h]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_change_places() {
        let rows = core::array::from_fn(|row| core::array::from_fn(|at| (4 * row + at) as f32));
        let columns = core::array::from_fn(|at| core::array::from_fn(|row| (4 * row + at) as f32));
        assert_eq!(transposed(rows), columns);
        let parts = [[0.0, 2.0, 4.0, 6.0], [1.0, 3.0, 5.0, 7.0]];
        assert_eq!(unzipped([rows[0], rows[1]]), parts);
    }
}
