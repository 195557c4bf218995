//! The part that all front ends share: samples in, columns out.

use super::FrontEnd;
use super::frames::Frames;

/// The last step of a front end, from a full frame to a column. The front ends of this crate implement it, and
/// nothing else can.
pub trait Analysis: Frame {
    /// A column, in the memory of the front end where it is large.
    type Column<'a>
    where
        Self: 'a;

    /// Turn the full frame into a column; `None` for a frame length that is not supported.
    fn column(&mut self) -> Option<Self::Column<'_>>;
}

pub(super) mod sealed {
    /// Memory of a frame.
    pub trait Frame {
        /// Lend the frame, `n_fft` samples, and the `n_fft − hop` samples that the next frame shares with it.
        fn slices(&mut self) -> (&mut [f32], &mut [f32]);
    }
}
pub(super) use sealed::Frame;

/// The memory of a frame, in arrays or in borrowed slices.
#[derive(Clone, Debug)]
pub(super) struct Samples<F> {
    frame: F,
    /// The first `shared` values are used.
    overlap: F,
    shared: usize,
}

impl<F: AsMut<[f32]>> Samples<F> {
    /// Take memory for a front end: `n_fft` samples, and at least `n_fft − hop`.
    pub(super) fn new(front_end: &FrontEnd, frame: F, overlap: F) -> Self {
        Self {
            frame,
            overlap,
            shared: Frames::overlap(front_end),
        }
    }
}

impl<F: AsMut<[f32]>> Frame for Samples<F> {
    fn slices(&mut self) -> (&mut [f32], &mut [f32]) {
        let overlap = self.overlap.as_mut().get_mut(..self.shared);
        (self.frame.as_mut(), overlap.unwrap_or_default())
    }
}

/// A streaming front end. [`Stft`](super::Stft), [`LogMel`](super::LogMel) and [`Mfcc`](super::Mfcc) are such
/// streams, each with another last step.
#[derive(Clone, Debug)]
pub struct Stream<A> {
    pub(super) analysis: A,
    frames: Frames,
}

impl<A: Analysis> Stream<A> {
    /// Begin a signal over a validated front end.
    pub(super) fn over(front_end: &FrontEnd, analysis: A) -> Self {
        let mut stream = Self {
            analysis,
            frames: Frames::new(front_end),
        };
        stream.reset();
        stream
    }

    /// Begin a new signal.
    pub fn reset(&mut self) {
        let (frame, _) = self.analysis.slices();
        self.frames.start(frame);
    }

    /// Take one sample and return the column that it completes.
    pub fn push(&mut self, sample: f32) -> Option<A::Column<'_>> {
        self.fill(sample)?.column()
    }

    /// Take samples up to the one that completes a column, or all of them; return their number and the column.
    /// The columns are those of [`Self::push`], with a tenth of its instructions per sample.
    pub fn push_slice(&mut self, samples: &[f32]) -> (usize, Option<A::Column<'_>>) {
        let (frame, overlap) = self.analysis.slices();
        let (taken, full) = self.frames.push_slice(frame, overlap, samples);
        (taken, full.then(|| self.analysis.column()).flatten())
    }

    /// Pad the end of the signal and return the columns that this completes, one per call, then `None` until
    /// [`Self::reset`].
    pub fn finish(&mut self) -> Option<A::Column<'_>> {
        self.pad()?.column()
    }

    /// Return the number of samples that complete the next column, at least 1.
    pub(crate) fn missing(&self) -> usize {
        self.frames.missing()
    }

    /// Take one sample; return the analysis if that fills its frame.
    pub(super) fn fill(&mut self, sample: f32) -> Option<&mut A> {
        let (frame, overlap) = self.analysis.slices();
        let full = self.frames.push(frame, overlap, sample);
        full.then_some(&mut self.analysis)
    }

    /// Pad the end of the signal; return the analysis if that fills its frame.
    pub(super) fn pad(&mut self) -> Option<&mut A> {
        let (frame, overlap) = self.analysis.slices();
        let full = self.frames.finish(frame, overlap);
        full.then_some(&mut self.analysis)
    }
}
