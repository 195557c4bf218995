//! Cutting a stream of samples into overlapping frames, in place.

use super::FrontEnd;

/// How far a frame is filled. The samples themselves lie in a buffer of `n_fft` that the owner passes
/// in; it doubles as the FFT's work space, and `overlap` keeps what the next frame shares with this one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    n_fft: usize,
    hop: usize,
    padding: usize,
    filled: usize,
}

impl Frames {
    pub(super) fn new(front_end: &FrontEnd) -> Self {
        Self {
            n_fft: usize::from(front_end.n_fft),
            hop: usize::from(front_end.hop),
            padding: front_end.padding_samples(),
            filled: 0,
        }
    }

    /// Samples that two neighbouring frames share.
    pub(super) fn overlap(front_end: &FrontEnd) -> usize {
        usize::from(front_end.n_fft - front_end.hop)
    }

    /// Begins a new signal.
    pub(super) fn start(&mut self, frame: &mut [f32]) {
        frame[..self.padding].fill(0.0);
        self.filled = self.padding;
    }

    /// Takes one sample; true when the frame is full and has to be analysed.
    pub(super) fn push(&mut self, frame: &mut [f32], sample: f32) -> bool {
        frame[self.filled] = sample;
        self.filled += 1;
        self.filled == self.n_fft
    }

    /// Saves what the next frame needs before the full frame is overwritten.
    pub(super) fn save(&self, frame: &[f32], overlap: &mut [f32]) {
        overlap.copy_from_slice(&frame[self.hop..]);
    }

    /// Begins the next frame with what [`Self::save`] kept.
    pub(super) fn advance(&mut self, frame: &mut [f32], overlap: &[f32]) {
        frame[..overlap.len()].copy_from_slice(overlap);
        self.filled = overlap.len();
    }

    /// Zeros to push after the last sample.
    pub(super) fn padding(&self) -> usize {
        self.padding
    }
}
