//! The last samples of a stage, as one slice.

/// Up to `N` − `MARGIN` samples in a row. New ones go to the end; when the end is reached, those still needed are moved
/// to the front in one block. `MARGIN` values follow them at all times, whatever they are: a vector may be loaded around the
/// newest sample.
#[derive(Clone, Debug)]
pub(super) struct History<const N: usize, const MARGIN: usize> {
    samples: [f32; N],
    start: usize,
    end: usize,
}

impl<const N: usize, const MARGIN: usize> History<N, MARGIN> {
    /// Begin with silence of `zeros` samples, at most `N` − `MARGIN`.
    pub(super) const fn silent(zeros: usize) -> Self {
        Self {
            samples: [0.0; N],
            start: 0,
            end: zeros,
        }
    }

    /// Return the number of samples that are kept.
    pub(super) fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Return the number of samples that can be added.
    pub(super) fn room(&self) -> usize {
        (N - MARGIN).saturating_sub(self.len())
    }

    /// Return all samples, the oldest first.
    pub(super) fn samples(&self) -> &[f32] {
        self.samples.get(self.start..self.end).unwrap_or_default()
    }

    /// Return all samples, the oldest first, followed by the rest of the buffer.
    pub(super) fn samples_and_rest(&self) -> &[f32] {
        self.samples.get(self.start..).unwrap_or_default()
    }

    /// Add samples, as many as there is room for, and return their number.
    pub(super) fn extend(&mut self, samples: &[f32]) -> usize {
        let slots = self.add(samples.len());
        slots
            .iter_mut()
            .zip(samples)
            .for_each(|(to, from)| *to = *from);
        slots.len()
    }

    /// Add `count` samples, as many as there is room for, and return them for the caller to write.
    pub(super) fn add(&mut self, count: usize) -> &mut [f32] {
        let count = count.min(self.room());
        if self.end + count > N - MARGIN {
            self.slide();
        }
        let at = self.end;
        self.end = (N - MARGIN).min(at + count);
        self.samples.get_mut(at..self.end).unwrap_or_default()
    }

    /// Forget the oldest `count` samples, at most all.
    pub(super) fn discard(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    fn slide(&mut self) {
        // the bounds always hold; stated here, they leave no check that could fail
        let end = self.end.min(N);
        let start = self.start.min(end);
        self.samples.copy_within(start..end, 0);
        self.start = 0;
        self.end = end - start;
    }
}
