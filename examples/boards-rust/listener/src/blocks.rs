//! A queue of blocks between an interrupt, or a task of higher priority, and the main loop, which takes none while it
//! computes a window.

use core::convert::Infallible;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;

use crate::Microphone;

/// Samples of a block.
pub const BLOCK: usize = 256;

/// `N` blocks that can wait: at least rate × seconds of a window's network / [`BLOCK`].
pub struct Blocks<const N: usize>(Channel<CriticalSectionRawMutex, [i16; BLOCK], N>);

impl<const N: usize> Blocks<N> {
    /// Make an empty queue, for a `static`.
    #[must_use]
    pub const fn new() -> Self {
        Self(Channel::new())
    }

    /// Add a block, in an interrupt or a task; returns false, and the block is lost, if the queue is full.
    pub fn offer(&self, block: &[i16; BLOCK]) -> bool {
        self.0.try_send(*block).is_ok()
    }

    /// Return the main loop's end of the queue.
    pub const fn microphone(&self) -> Queued<'_, N> {
        Queued {
            blocks: self,
            block: [0; BLOCK],
        }
    }
}

impl<const N: usize> Default for Blocks<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The main loop's end of [`Blocks`], which never ends.
pub struct Queued<'a, const N: usize> {
    blocks: &'a Blocks<N>,
    block: [i16; BLOCK],
}

impl<const N: usize> Microphone for Queued<'_, N> {
    type Sample = i16;
    type Error = Infallible;

    async fn next(&mut self) -> Result<Option<&[i16]>, Infallible> {
        self.block = self.blocks.0.receive().await;
        Ok(Some(&self.block))
    }
}
