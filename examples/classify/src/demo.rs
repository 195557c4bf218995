//! A tune for a first try without any music at hand: a disco groove, made from sums of simple oscillators and noise
//! from a fixed seed.

use std::f32::consts::TAU;

/// Sample rate of the tune, Hz.
pub(crate) const RATE: u32 = 22_050;

const BARS: usize = 16;
const BEATS_PER_BAR: usize = 4;
/// 125 beats per minute: 31 s in all.
const SECONDS_PER_BEAT: f32 = 0.48;

/// A chord for each bar, as semitones above A2: Am7, D9, Fmaj7, E7.
const CHORDS: [[u8; 4]; 4] = [
    [12, 15, 19, 22],
    [12, 16, 17, 21],
    [12, 15, 19, 20],
    [11, 14, 17, 19],
];
/// Root of each bar's chord, as semitones above A1.
const ROOTS: [u8; 4] = [0, 5, 8, 7];
/// Notes of the strings above the chords, in the same scale, on the beats of two bars; 0 is a rest.
const MELODY: [u8; 8] = [31, 0, 34, 36, 33, 31, 29, 0];

/// Synthesise the tune: mono samples.
#[must_use]
pub(crate) fn tune() -> Vec<f32> {
    let mut tune = Tune::silent(BARS * BEATS_PER_BAR);
    for bar in 0..BARS {
        let chord = CHORDS[bar % CHORDS.len()];
        let root = ROOTS[bar % ROOTS.len()];
        for beat in 0..BEATS_PER_BAR {
            let at = bar * BEATS_PER_BAR + beat;
            tune.drums(at, beat);
            tune.bass(at, root);
            tune.guitar(at, &chord);
            tune.strings(at, MELODY[at % MELODY.len()]);
        }
    }
    tune.echo();
    tune.normalised()
}

struct Tune {
    samples: Vec<f32>,
    noise: Noise,
}

impl Tune {
    fn silent(beats: usize) -> Self {
        let length = beats as f32 * SECONDS_PER_BEAT * RATE as f32;
        Self {
            samples: vec![0.0; length as usize],
            noise: Noise(1),
        }
    }

    /// Scale so that the loudest sample is at half of full scale.
    fn normalised(mut self) -> Vec<f32> {
        let peak = self
            .samples
            .iter()
            .fold(0.0_f32, |peak, s| peak.max(s.abs()));
        self.samples.iter_mut().for_each(|s| *s *= 0.5 / peak);
        self.samples
    }

    /// Add the room: three echoes that decay.
    fn echo(&mut self) {
        for (seconds, level) in [(0.029, 0.4), (0.043, 0.4), (0.071, 0.4)] {
            let delay = (seconds * RATE as f32) as usize;
            for at in delay..self.samples.len() {
                self.samples[at] += level * self.samples[at - delay];
            }
        }
    }

    /// Add a voice that sounds for `seconds` from a place in beats on; `voice` gives a sample for each time in seconds.
    fn add(&mut self, beat: f32, seconds: f32, mut voice: impl FnMut(f32) -> f32) {
        let start = (beat * SECONDS_PER_BEAT * RATE as f32) as usize;
        let length = (seconds * RATE as f32) as usize;
        for (i, sample) in self.samples.iter_mut().skip(start).take(length).enumerate() {
            *sample += voice(i as f32 / RATE as f32);
        }
    }

    /// Play a bass drum on every beat, a clap on every other, a closed hi-hat on the beat and an open hi-hat off it.
    fn drums(&mut self, at: usize, beat: usize) {
        let at = at as f32;
        // the pitch falls from 150 to 50 Hz
        let kick = |t: f32| (TAU * (50.0 * t + 2.5 * (1.0 - (-40.0 * t).exp()))).sin();
        self.add(at, 0.25, |t| 0.6 * kick(t) * (-14.0 * t).exp());
        if beat % 2 == 1 {
            let mut noise = self.noise.next_voice();
            self.add(at, 0.2, |t| 0.6 * noise.band() * (-22.0 * t).exp());
        }
        for (offset, level, decay) in [(0.0, 0.5, 60.0), (0.5, 0.8, 14.0), (0.75, 0.4, 60.0)] {
            let mut noise = self.noise.next_voice();
            self.add(at + offset, 0.2, |t| {
                level * noise.high() * (-decay * t).exp()
            });
        }
    }

    /// Play octaves in eighths.
    fn bass(&mut self, at: usize, root: u8) {
        for (offset, octave) in [(0.0, 0), (0.5, 12)] {
            let hz = pitch(55.0, root + octave);
            let mut low = 0.0;
            self.add(at as f32 + offset, 0.24, |t| {
                low += 0.12 * (saw(hz, t) - low);
                0.35 * low * ramp(t, 0.24)
            });
        }
    }

    /// Play short chords between the beats.
    fn guitar(&mut self, at: usize, chord: &[u8]) {
        for offset in [0.25, 0.5, 0.75] {
            for note in chord {
                let hz = pitch(110.0, note + 12);
                self.add(at as f32 + offset, 0.1, |t| {
                    0.2 * saw(hz, t) * (-16.0 * t).exp() * ramp(t, 0.1)
                });
            }
        }
    }

    /// Play three strings a little out of tune, with vibrato.
    fn strings(&mut self, at: usize, note: u8) {
        if note == 0 {
            return;
        }
        for detune in [0.996, 1.0, 1.005] {
            let hz = pitch(110.0, note) * detune;
            self.add(at as f32, 0.5, |t| {
                let vibrato = 0.002 * (TAU * 5.5 * t).sin();
                0.12 * saw(hz, t + vibrato / TAU) * ramp(t, 0.5)
            });
        }
    }
}

/// Return the frequency some semitones above another.
fn pitch(base: f32, semitones: u8) -> f32 {
    base * 2_f32.powf(f32::from(semitones) / 12.0)
}

/// Fade a voice in and out over 5 ms.
fn ramp(t: f32, length: f32) -> f32 {
    (t.min(length - t) / 0.005).clamp(0.0, 1.0)
}

/// Return a saw tooth whose step is smoothed over two samples, so that it hardly aliases (polyBLEP).
fn saw(hz: f32, t: f32) -> f32 {
    let phase = (hz * t).rem_euclid(1.0);
    let step = hz / RATE as f32;
    let smooth = if phase < step {
        let x = phase / step - 1.0;
        x * x
    } else if phase > 1.0 - step {
        let x = (phase - 1.0) / step + 1.0;
        -x * x
    } else {
        0.0
    };
    2.0 * phase - 1.0 + smooth
}

/// White noise (Knuth's MMIX generator) and simple filters for it.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        let state = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = state.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    }

    /// Begin another stretch of noise.
    fn next_voice(&mut self) -> Filtered {
        self.next();
        Filtered {
            noise: Self(self.0),
            last: [0.0; 2],
        }
    }
}

struct Filtered {
    noise: Noise,
    last: [f32; 2],
}

impl Filtered {
    /// Return a sample of the upper half of the spectrum.
    fn high(&mut self) -> f32 {
        let new = self.noise.next();
        let high = 0.25 * (new - 2.0 * self.last[0] + self.last[1]);
        self.last = [new, self.last[0]];
        high
    }

    /// Return a sample of a band around 2 kHz.
    fn band(&mut self) -> f32 {
        let [low, band] = &mut self.last;
        *low += 0.55 * *band;
        let high = self.noise.next() - *low - 0.7 * *band;
        *band += 0.55 * high;
        *band
    }
}
