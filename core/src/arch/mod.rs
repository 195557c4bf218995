//! Plain loops, compiled once more for vector registers that are wider than the target's baseline.

#[cfg(feature = "std")]
pub(crate) mod lanes;
#[cfg(feature = "std")]
mod shuffle;
mod whole;

pub(crate) use whole::truncated;

/// Loops that the compiler turns into vector instructions.
///
/// `run` of an implementation, and what it calls, must be `#[inline(always)]`: it is compiled for a machine's instructions
/// only where it ends up inside a function that enables them.
pub(crate) trait Loops {
    type Output;

    fn run(self) -> Self::Output;

    /// Run them on a machine with AVX-512, whose twice as many registers alone are of use to most loops.
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    #[inline(always)]
    fn run_avx512(self, _: lanes::Avx512) -> Self::Output
    where
        Self: Sized,
    {
        self.run()
    }
}

/// Run loops with this machine's vectors. The compiler neither reorders nor fuses floating-point operations, so that their
/// width does not change a bit.
pub(crate) fn widest<L: Loops>(loops: L) -> L::Output {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        use std::arch::is_x86_feature_detected;

        #[target_feature(enable = "avx512f,avx512vl")]
        fn avx512<L: Loops>(loops: L, proof: lanes::Avx512) -> L::Output {
            loops.run_avx512(proof)
        }
        #[target_feature(enable = "avx2")]
        fn avx2<L: Loops>(loops: L) -> L::Output {
            loops.run()
        }
        match lanes::Avx512::detect() {
            Some(proof) if is_x86_feature_detected!("avx512vl") => {
                // SAFETY: the processor has these instructions.
                #[expect(unsafe_code, reason = "the extension is detected at run time")]
                return unsafe { avx512(loops, proof) };
            }
            _ if is_x86_feature_detected!("avx2") => {
                // SAFETY: the processor has these instructions.
                #[expect(unsafe_code, reason = "the extension is detected at run time")]
                return unsafe { avx2(loops) };
            }
            _ => {}
        }
    }
    loops.run()
}
