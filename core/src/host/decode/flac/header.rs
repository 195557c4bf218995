//! Headers of frames (RFC 9639, 9.1).

use crc::{CRC_8_SMBUS, Crc, Table};

/// Most samples that a gap between two frames can have, minutes of them: more is another stream's number.
const MOST_GAP: u64 = 1 << 26;

/// Checksum of a frame's header, of which the checksum is a part.
const HEADER_SUM: Crc<u8, Table<1>> = Crc::<u8, Table<1>>::new(&CRC_8_SMBUS);

/// A frame's header.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) bytes: usize,
    /// Samples of a channel.
    pub(super) samples: u32,
    /// Number of the frame, or of its first sample if the frames' lengths differ.
    number: u64,
    is_variable: bool,
    /// Rate (Hz), where the frame states it.
    pub(super) rate: Option<u32>,
    pub(super) channels: u16,
}

/// Sample rates (Hz) by index.
const RATES: [u32; 12] = [
    0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
];

impl Header {
    /// Read the header that these bytes begin with (RFC 9639, 9.1).
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [0xff, kind @ (0xf8 | 0xf9), sizes, channels, number] = *bytes.first_chunk::<5>()?
        else {
            return None;
        };
        let (size, rate) = (sizes >> 4, sizes & 0xf);
        if size == 0
            || rate == 0xf
            || channels >> 4 > 10
            || channels & 1 == 1
            || channels >> 1 & 7 == 3
        {
            return None;
        }
        // as UTF-8 codes characters
        let (first, more) = match number.leading_ones() {
            0 => (number, 0),
            ones @ 2..=7 => (number & (0x7f >> ones), ones as usize - 1),
            _ => return None,
        };
        let at = 5 + more;
        let number = bytes
            .get(5..at)?
            .iter()
            .fold(u64::from(first), |sum, byte| {
                sum << 6 | u64::from(byte & 0x3f)
            });
        let long = match bytes.get(at..at + 2)? {
            [first, second] => u32::from(*first) << 8 | u32::from(*second),
            _ => return None,
        };
        let (samples, at) = match size {
            1 => (192, at),
            2..=5 => (576 << (size - 2), at),
            6 => ((long >> 8) + 1, at + 1),
            7 => (long + 1, at + 2),
            _ => (256 << (size - 8), at),
        };
        let stated = bytes.get(at..at + 2)?;
        let long = u32::from(stated[0]) << 8 | u32::from(stated[1]);
        let (rate, end) = match rate {
            12 => (1000 * (long >> 8), at + 2),
            13 => (long, at + 3),
            14 => (10 * long, at + 3),
            index => (RATES.get(usize::from(index)).copied().unwrap_or(0), at + 1),
        };
        (HEADER_SUM.checksum(bytes.get(..end)?) == 0).then_some(Self {
            bytes: end,
            samples,
            number,
            is_variable: kind == 0xf9,
            rate: Some(rate).filter(|rate| *rate > 0),
            channels: match channels >> 4 {
                // one of them as the difference from the other, or both as mean and difference
                8..=10 => 2,
                count => u16::from(count) + 1,
            },
        })
    }

    /// Return the number of samples between this frame and a later one.
    pub(super) fn gap(&self, next: &Self) -> u64 {
        let (own, unit) = match self.is_variable {
            true => (u64::from(self.samples), 1),
            false => (1, u64::from(self.samples)),
        };
        let between = next.number.saturating_sub(self.number + own);
        // numbers that start again, or of which a frame's are not in line, say nothing
        let is_like = self.is_variable == next.is_variable;
        let gap = if is_like {
            between.saturating_mul(unit)
        } else {
            0
        };
        if gap < MOST_GAP { gap } else { 0 }
    }
}
