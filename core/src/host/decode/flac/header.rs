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

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Make a header with its checksum, and three bytes of the frame after it.
    fn header(kind: u8, codes: [u8; 2], number: &[u8], stated: &[u8]) -> Vec<u8> {
        let mut header = [&[0xff, kind][..], &codes, number, stated].concat();
        header.push(HEADER_SUM.checksum(&header));
        header.extend([0x55; 3]);
        header
    }

    fn read(kind: u8, codes: [u8; 2], number: &[u8], stated: &[u8]) -> Option<Header> {
        let bytes = header(kind, codes, number, stated);
        let header = Header::read(&bytes)?;
        assert_eq!(header.bytes, bytes.len() - 3);
        Some(header)
    }

    #[test]
    fn every_block_size_is_read() {
        for (code, stated, samples) in [
            (1, &[][..], 192),
            (2, &[], 576),
            (3, &[], 1_152),
            (4, &[], 2_304),
            (5, &[], 4_608),
            (6, &[0], 1),
            (6, &[0xff], 256),
            (7, &[0, 0], 1),
            (7, &[0x12, 0x34], 0x1235),
            (7, &[0xff, 0xff], 65_536),
            (8, &[], 256),
            (9, &[], 512),
            (12, &[], 4_096),
            (15, &[], 32_768),
        ] {
            let header = read(0xf8, [code << 4 | 9, 0x18], &[7], stated).unwrap();
            assert_eq!(header.samples, samples, "{code} {stated:?}");
            assert_eq!((header.rate, header.channels), (Some(44_100), 2));
        }
        assert!(read(0xf8, [9, 0x18], &[7], &[]).is_none(), "0 is reserved");
    }

    #[test]
    fn every_rate_is_read() {
        for (code, stated, rate) in [
            (0, &[][..], None),
            (1, &[], Some(88_200)),
            (4, &[], Some(8_000)),
            (6, &[], Some(22_050)),
            (9, &[], Some(44_100)),
            (11, &[], Some(96_000)),
            (12, &[37], Some(37_000)),
            (12, &[0], None),
            (13, &[0xac, 0x44], Some(44_100)),
            (14, &[0x11, 0x3a], Some(44_100)),
        ] {
            let header = read(0xf8, [0x10 | code, 0x18], &[7], stated).unwrap();
            assert_eq!(header.rate, rate, "{code} {stated:?}");
        }
        // after a block size of two bytes
        let header = read(0xf8, [0x7d, 0x18], &[7], &[0, 99, 0xac, 0x44]).unwrap();
        assert_eq!((header.samples, header.rate), (100, Some(44_100)));
        assert!(
            read(0xf8, [0x1f, 0x18], &[7], &[]).is_none(),
            "15 is invalid"
        );
    }

    #[test]
    fn channels_and_reserved_codes() {
        for code in 0..16 {
            let channels = match code {
                0..=7 => Some(u16::from(code) + 1),
                8..=10 => Some(2),
                _ => None,
            };
            let header = read(0xf8, [0x19, code << 4], &[7], &[]);
            assert_eq!(header.map(|header| header.channels), channels, "{code}");
        }
        for (depth, is_known) in [
            (0, true),
            (1, true),
            (2, true),
            (3, false),
            (4, true),
            (7, true),
        ] {
            let header = read(0xf8, [0x19, 0x10 | depth << 1], &[7], &[]);
            assert_eq!(header.is_some(), is_known, "{depth}");
        }
        // the last bit is reserved, and so is the bit before the kind
        assert!(read(0xf8, [0x19, 0x11], &[7], &[]).is_none());
        assert!(read(0xfa, [0x19, 0x10], &[7], &[]).is_none());
        let mut damaged = header(0xf8, [0x19, 0x10], &[7], &[]);
        damaged[4] ^= 1;
        assert!(Header::read(&damaged).is_none(), "its checksum is wrong");
        for length in 0..6 {
            assert!(Header::read(&header(0xf8, [0x19, 0x10], &[7], &[])[..length]).is_none());
        }
    }

    #[test]
    fn numbers_of_every_length_are_read() {
        for (coded, number) in [
            (&[0x7f][..], 0x7f),
            (&[0xc2, 0x80], 0x80),
            (&[0xdf, 0xbf], 0x7ff),
            (&[0xe0, 0xa0, 0x80], 0x800),
            (&[0xf0, 0x90, 0x80, 0x81], 0x1_0001),
            (&[0xf8, 0x88, 0x80, 0x80, 0x80], 0x20_0000),
            (&[0xfc, 0x84, 0x80, 0x80, 0x80, 0x80], 0x400_0000),
            (&[0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf], 0xf_ffff_ffff),
        ] {
            let header = read(0xf9, [0x19, 0x10], coded, &[]).unwrap();
            assert_eq!((header.number, header.is_variable), (number, true));
        }
        for bad in [0x80, 0xbf, 0xff] {
            assert!(read(0xf8, [0x19, 0x10], &[bad; 8], &[]).is_none());
        }
    }

    #[test]
    fn gaps_between_frames_are_counted_in_samples() {
        let fixed = |number: u8| read(0xf8, [0x29, 0x10], &[number], &[]).unwrap();
        assert_eq!(fixed(3).gap(&fixed(4)), 0);
        assert_eq!(fixed(3).gap(&fixed(5)), 576);
        assert_eq!(fixed(3).gap(&fixed(9)), 5 * 576);
        assert_eq!(fixed(3).gap(&fixed(3)), 0);
        assert_eq!(fixed(3).gap(&fixed(0)), 0);
        // in samples where lengths differ
        let variable = |number: &[u8]| read(0xf9, [0x29, 0x10], number, &[]).unwrap();
        assert_eq!(variable(&[0]).gap(&variable(&[0xc9, 0x80])), 0);
        assert_eq!(variable(&[0]).gap(&variable(&[0xc9, 0x81])), 1);
        assert_eq!(variable(&[0]).gap(&fixed(9)), 0, "not of one stream");
        // minutes: up to 2^26 samples, from a frame of 576
        let most = MOST_GAP + 576;
        let far = |number: u64| Header {
            number,
            ..variable(&[0])
        };
        assert_eq!(variable(&[0]).gap(&far(most - 1)), MOST_GAP - 1);
        assert_eq!(variable(&[0]).gap(&far(most)), 0);
    }
}
