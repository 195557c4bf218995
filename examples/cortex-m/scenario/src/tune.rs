//! A piece of music made of integers, so that every machine hears the same samples.
//!
//! `c/tune.c` is the same generator in C.

/// Samples per second, the rate of the shipped model: no resampling.
pub const RATE_HZ: u32 = 22_050;

/// 13.5 s: two windows of the shipped model (128 + 43 columns every 1708 samples) and a little more.
pub const SAMPLES: usize = 1162 * 256;

/// Samples of a sixteenth note: 81 beats per minute.
const STEP: u32 = 4096;

/// Four bars of a bass note and the three notes of a chord, in mHz: A minor, F, C, G.
const BARS: [[u32; 4]; 4] = [
    [110_000, 220_000, 261_626, 329_628],
    [87_307, 220_000, 261_626, 349_228],
    [130_813, 195_998, 261_626, 329_628],
    [97_999, 195_998, 246_942, 293_665],
];

/// Note of the bar that leads in each sixteenth.
const LEAD: [u8; 16] = [1, 2, 3, 2, 1, 3, 2, 3, 1, 2, 3, 1, 3, 2, 1, 2];

/// The tune from its beginning, without end.
#[derive(Clone, Debug, Default)]
pub struct Tune {
    at: u32,
    /// Phases of the bar's notes, `2^32` per turn.
    phases: [u32; 4],
    lead: u32,
    drum: u32,
    noise: u32,
}

impl Tune {
    /// Begin the tune.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            at: 0,
            phases: [0; 4],
            lead: 0,
            drum: 0,
            noise: 1,
        }
    }

    /// Return the next sample.
    pub fn sample(&mut self) -> i16 {
        let step = (self.at / STEP) as usize;
        // fades from 4096 to 1 within a step
        let fade = (STEP - self.at % STEP) as i32;
        self.at += 1;

        let notes = BARS[(step >> 4) & 3];
        let mut chord = 0;
        for (phase, note) in self.phases.iter_mut().zip(notes) {
            *phase = phase.wrapping_add(increment(note));
            chord += triangle(*phase);
        }
        let leading = notes[usize::from(LEAD[step & 15]) & 3];
        self.lead = self.lead.wrapping_add(increment(2 * leading));
        let lead = sawtooth(self.lead) * fade / 4096;

        // a kick on each beat, falling in pitch; a hat on each eighth, three times as loud off the beat
        let beat = step & 3;
        let kick = if beat == 0 {
            self.drum = self.drum.wrapping_add(increment(40_000 + 20 * fade as u32));
            triangle(self.drum) * fade / 4096
        } else {
            self.drum = 0;
            0
        };
        self.noise = self
            .noise
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        let hat = match beat {
            0 => sawtooth(self.noise) * fade / 4096 / 3,
            2 => sawtooth(self.noise) * fade / 4096,
            _ => 0,
        };
        // at most 8192 + 8192 + 8192 + 6554: never beyond an i16
        (chord / 8 + lead / 4 + kick / 2 + hat / 5) as i16
    }
}

impl Iterator for Tune {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        Some(self.sample())
    }
}

/// Return the phase that a frequency (mHz) adds per sample.
const fn increment(millihertz: u32) -> u32 {
    // 2^32 / 22,050,000 is 194.78, in 64ths 12,466: near enough for an ear, and 32 bits suffice
    (millihertz / 64) * 12_466 + (millihertz % 64) * 195
}

/// Return a triangle from -16384 to 16383.
fn triangle(phase: u32) -> i32 {
    let ramp = (phase >> 16) as i32;
    let folded = if ramp < 32_768 { ramp } else { 65_535 - ramp };
    folded - 16_384
}

/// Return a saw tooth from -32768 to 32767.
fn sawtooth(phase: u32) -> i32 {
    (phase >> 16) as i32 - 32_768
}
