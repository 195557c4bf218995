//! Plain loops, compiled once more for vector registers that are wider than the target's baseline.

#[cfg(feature = "std")]
mod shuffle;

#[cfg(feature = "std")]
pub(crate) use shuffle::{transposed, unzipped};

/// Loops that the compiler turns into vector instructions.
///
/// `run` of an implementation, and what it calls, must be `#[inline(always)]`: it is compiled for a machine's instructions
/// only where it ends up inside a function that enables them.
pub(crate) trait Loops {
    type Output;

    fn run(self) -> Self::Output;
}

/// Run loops with this machine's vectors. The compiler neither reorders nor fuses floating-point operations, so that their
/// width does not change a bit.
pub(crate) fn widest<L: Loops>(loops: L) -> L::Output {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn avx2<L: Loops>(loops: L) -> L::Output {
            loops.run()
        }
        // SAFETY: the processor has these instructions.
        #[expect(unsafe_code, reason = "the extension is detected at run time")]
        return unsafe { avx2(loops) };
    }
    loops.run()
}
