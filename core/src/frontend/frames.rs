//! Cutting a stream of samples into overlapping frames, in place.

use super::{FrontEnd, Padding};

/// State of a frame that is being filled. The samples lie in buffers that the owner passes in: `frame`, of `n_fft`
/// values, doubles as the FFT's work space; `overlap` keeps the samples that the next frame shares with this one while
/// the owner overwrites the full frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    n_fft: usize,
    hop: usize,
    padding: Padding,
    filled: usize,
    /// The frame is full and belongs to the owner; the next sample begins another one.
    full: bool,
    /// No frame has been full yet.
    first: bool,
    /// With reflection, samples enter a frame one sample late, since the first frame needs one beyond its end.
    pending: Option<f32>,
    /// The last sample that left the frame.
    dropped: f32,
    any: bool,
    tail: Option<Tail>,
}

/// The rest of the padding after the last sample.
#[derive(Clone, Copy, Debug)]
struct Tail {
    left: usize,
    /// Place of the signal's last sample in the frame; negative if it lies before the frame.
    last: isize,
}

impl Frames {
    /// Begin with a validated front end.
    pub(super) fn new(front_end: &FrontEnd) -> Self {
        Self {
            n_fft: usize::from(front_end.n_fft),
            hop: usize::from(front_end.hop),
            padding: front_end.padding,
            filled: 0,
            full: false,
            first: true,
            pending: None,
            dropped: 0.0,
            any: false,
            tail: None,
        }
    }

    /// Return the number of samples that two neighbouring frames share.
    pub(super) fn overlap(front_end: &FrontEnd) -> usize {
        usize::from(front_end.n_fft - front_end.hop)
    }

    /// Begin a new signal.
    pub(super) fn start(&mut self, frame: &mut [f32]) {
        self.filled = match self.padding {
            Padding::None => 0,
            Padding::Zeros | Padding::Reflect => self.n_fft / 2,
        };
        frame
            .iter_mut()
            .take(self.filled)
            .for_each(|sample| *sample = 0.0);
        self.full = false;
        self.first = true;
        self.pending = None;
        self.any = false;
        self.tail = None;
    }

    /// Return the number of samples that fill the frame, at least 1.
    pub(super) fn missing(&self) -> usize {
        let missing = if self.full {
            self.hop
        } else {
            self.n_fft.saturating_sub(self.filled)
        };
        // with reflection, a frame's first sample only takes the place of the sample held back
        let held_back = self.padding == Padding::Reflect && self.pending.is_none();
        missing + usize::from(held_back)
    }

    /// Take one sample; true when `frame` is full and the owner may analyse and overwrite it.
    pub(super) fn push(&mut self, frame: &mut [f32], overlap: &mut [f32], sample: f32) -> bool {
        self.any = true;
        match self.padding {
            Padding::None | Padding::Zeros => self.put(frame, overlap, sample),
            Padding::Reflect => match self.pending.replace(sample) {
                Some(earlier) => self.put(frame, overlap, earlier),
                None => false,
            },
        }
    }

    /// Take samples up to the one that fills the frame, or all of them; return their number and whether `frame` is
    /// full. The same as [`Self::push`] for each, but most of them are only copied.
    pub(super) fn push_slice(
        &mut self,
        frame: &mut [f32],
        overlap: &mut [f32],
        samples: &[f32],
    ) -> (usize, bool) {
        let mut taken = 0;
        loop {
            taken += self.copy(frame, samples.get(taken..).unwrap_or_default());
            let Some(sample) = samples.get(taken) else {
                return (taken, false);
            };
            taken += 1;
            if self.push(frame, overlap, *sample) {
                return (taken, true);
            }
        }
    }

    /// Copy samples as long as nothing else has to happen: up to the one before the one that fills the frame, none at
    /// the beginning of a frame or a signal.
    fn copy(&mut self, frame: &mut [f32], samples: &[f32]) -> usize {
        let room = self.n_fft.saturating_sub(self.filled + 1);
        let count = samples.len().min(room);
        let begun = self.any && !self.full;
        let (Some(last), true) = (samples.get(count.wrapping_sub(1)), begun) else {
            return 0;
        };
        let mut at = self.filled;
        // the sample held back goes in first, and the last of these is held back instead
        if let Some(pending) = &mut self.pending {
            store(frame, at, core::mem::replace(pending, *last));
            at += 1;
        }
        self.filled += count;
        let slots = frame.get_mut(at..self.filled).unwrap_or_default();
        copy(slots, samples);
        count
    }

    /// Pad the end of the signal; true when that fills a frame, false at the end.
    pub(super) fn finish(&mut self, frame: &mut [f32], overlap: &mut [f32]) -> bool {
        if !self.any {
            return false;
        }
        let mut tail = match self.tail {
            Some(tail) => tail,
            None => {
                let (tail, full) = self.begin_tail(frame, overlap);
                self.tail = Some(tail);
                if full {
                    return true;
                }
                tail
            }
        };
        while tail.left > 0 {
            if self.full {
                self.advance(frame, overlap);
            }
            let value = match self.padding {
                Padding::None | Padding::Zeros => 0.0,
                Padding::Reflect => self.mirrored(frame),
            };
            let full = self.put(frame, overlap, value);
            tail = self.tail.unwrap_or(tail);
            tail.left -= 1;
            self.tail = Some(tail);
            if full {
                return true;
            }
        }
        false
    }

    /// Put the last sample in and start the padding.
    fn begin_tail(&mut self, frame: &mut [f32], overlap: &mut [f32]) -> (Tail, bool) {
        let half = self.n_fft / 2;
        let Some(sample) = self.pending.take() else {
            let left = if self.padding == Padding::Zeros {
                half
            } else {
                0
            };
            return (Tail { left, last: 0 }, false);
        };
        if self.first {
            // the whole signal, shorter than the first frame's reflection, is in the frame
            store(frame, self.filled, sample);
            let length = (self.filled + 1).saturating_sub(half);
            reflect_around(frame, half, length);
            self.filled = self.n_fft;
            self.complete(frame, overlap);
            let last = (half + length - 1) as isize;
            return (Tail { left: length, last }, true);
        }
        if self.full {
            self.advance(frame, overlap);
        }
        let last = self.filled as isize;
        let full = self.put(frame, overlap, sample);
        (Tail { left: half, last }, full)
    }

    /// Return the sample that lies as far before the signal's last one as the next place of the frame after it.
    fn mirrored(&self, frame: &[f32]) -> f32 {
        let last = self.tail.map_or(0, |tail| tail.last);
        // a frame spans at most half a frame on each side of the signal's end, and one more sample
        let source = 2 * last - self.filled as isize;
        let source = usize::try_from(source).ok();
        source
            .and_then(|source| frame.get(source))
            .copied()
            .unwrap_or(self.dropped)
    }

    fn put(&mut self, frame: &mut [f32], overlap: &mut [f32], sample: f32) -> bool {
        if self.full {
            self.advance(frame, overlap);
        }
        store(frame, self.filled, sample);
        self.filled += 1;
        if self.filled < self.n_fft {
            return false;
        }
        if let (true, Padding::Reflect, Some(next)) = (self.first, self.padding, self.pending) {
            let (head, signal) = frame.split_at_mut(frame.len() / 2);
            // the head is x[half], x[half − 1], … x[1]; x[half] is not in the frame
            let reflected = [next].into_iter().chain(signal.iter().rev().copied());
            head.iter_mut()
                .zip(reflected)
                .for_each(|(to, from)| *to = from);
        }
        self.complete(frame, overlap);
        true
    }

    /// Save what the next frame needs before the full one is overwritten.
    fn complete(&mut self, frame: &[f32], overlap: &mut [f32]) {
        let last = self.hop.saturating_sub(1);
        self.dropped = frame.get(last).copied().unwrap_or(0.0);
        copy(overlap, frame.get(self.hop..).unwrap_or_default());
        self.full = true;
        self.first = false;
    }

    /// Begin the next frame with what [`Self::complete`] kept.
    fn advance(&mut self, frame: &mut [f32], overlap: &[f32]) {
        copy(frame, overlap);
        self.filled = overlap.len();
        self.full = false;
        if let Some(tail) = &mut self.tail {
            tail.last -= self.hop as isize;
        }
    }
}

/// Fill a frame around the `length` samples that begin at `start` with their reflections, as often as necessary
/// (numpy's `pad(mode="reflect")`).
fn reflect_around(frame: &mut [f32], start: usize, length: usize) {
    let period = (2 * length.saturating_sub(1)).max(1) as isize;
    for place in (0..start).chain(start + length..frame.len()) {
        let phase = (place as isize - start as isize).rem_euclid(period) as usize;
        let index = phase
            .min(period as usize - phase)
            .min(length.saturating_sub(1));
        let value = frame.get(start + index).copied().unwrap_or(0.0);
        store(frame, place, value);
    }
}

/// Copy as many samples as both have.
#[cfg(feature = "std")]
fn copy(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Copy as many samples as both have, several per load and store. As one loop over them it would become a call of
/// `memcpy`, which is Rust's own on bare metal and moves single words.
#[cfg(not(feature = "std"))]
fn copy(to: &mut [f32], from: &[f32]) {
    const AT_ONCE: usize = 12;
    let count = to.len().min(from.len());
    let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) else {
        return;
    };
    let (to, to_rest) = to.as_chunks_mut::<AT_ONCE>();
    let (from, from_rest) = from.as_chunks::<AT_ONCE>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
        core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::Release);
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

/// Write a sample at its place; drop it beyond the frame, which does not happen.
fn store(frame: &mut [f32], place: usize, sample: f32) {
    if let Some(slot) = frame.get_mut(place) {
        *slot = sample;
    }
}
