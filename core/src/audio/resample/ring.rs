//! The last samples, as one slice.

/// The last `N` samples. Each is kept twice, so that they are always contiguous.
#[derive(Clone, Debug)]
pub(super) struct Ring<const N: usize> {
    samples: [[f32; N]; 2],
    oldest: usize,
}

impl<const N: usize> Ring<N> {
    pub(super) const fn new() -> Self {
        Self {
            samples: [[0.0; N]; 2],
            oldest: 0,
        }
    }

    pub(super) fn push(&mut self, sample: f32) {
        let at = self.oldest.min(N - 1);
        self.samples[0][at] = sample;
        self.samples[1][at] = sample;
        self.oldest = if at + 1 == N { 0 } else { at + 1 };
    }

    pub(super) fn newest(&self) -> f32 {
        self.window()[N - 1]
    }

    /// The samples from the oldest to the newest.
    pub(super) fn window(&self) -> &[f32; N] {
        let at = self.oldest.min(N - 1);
        let window = self.samples.as_flattened()[at..].first_chunk();
        window.unwrap_or(&self.samples[0])
    }
}

/// Sum of products in four lanes: the order of the additions is part of the definition, so that every target
/// gives the same bits whether it adds one or four at a time.
pub(super) fn dot<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    const { assert!(N.is_multiple_of(4)) };
    let mut lanes = [0.0_f32; 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        for lane in 0..4 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}
