//! A piece for a first try without any music at hand: a piano and strings, made from simple oscillators.

use std::f64::consts::TAU;

/// Sample rate of the tune, Hz.
pub(crate) const RATE: u32 = 22_050;

const BARS: usize = 16;
const BEATS_PER_BAR: usize = 4;
/// 125 beats per minute: 31 s in all.
const SECONDS_PER_BEAT: f32 = 0.48;
const SECONDS_PER_BAR: f32 = BEATS_PER_BAR as f32 * SECONDS_PER_BEAT;

/// C3, Hz, from which notes are counted in semitones.
const BASE: f64 = 130.81;

/// A chord for each bar: C, F, G, C, Am, Dm, G, C.
const CHORDS: [[u8; 3]; 8] = [
    [0, 4, 7],
    [5, 9, 12],
    [7, 11, 14],
    [0, 4, 7],
    [9, 12, 16],
    [2, 5, 9],
    [7, 11, 14],
    [0, 4, 7],
];
/// The melody's notes in each of these bars.
const MELODY: [[u8; BEATS_PER_BAR]; 8] = [
    [16, 19, 24, 19],
    [21, 24, 21, 17],
    [26, 23, 19, 23],
    [24, 19, 16, 19],
    [21, 24, 28, 24],
    [26, 21, 17, 21],
    [19, 23, 26, 29],
    [28, 26, 24, 24],
];
/// Notes of a chord in the order in which the piano's left hand plays them, in eighths.
const BROKEN: [usize; 8] = [0, 1, 2, 1, 0, 1, 2, 1];

/// Synthesise the tune: mono samples.
#[must_use]
pub(crate) fn tune() -> Vec<f32> {
    let mut tune = Tune::silent();
    for bar in 0..BARS {
        let beat = (bar * BEATS_PER_BAR) as f32;
        let chord = CHORDS[bar % CHORDS.len()];
        for (eighth, note) in BROKEN.into_iter().enumerate() {
            tune.piano(beat + eighth as f32 / 2.0, 0.9, pitch(chord[note]), 0.3);
        }
        for note in chord {
            tune.strings(beat, SECONDS_PER_BAR, pitch(note), 0.06);
        }
        tune.strings(beat, SECONDS_PER_BAR, pitch(chord[0]) / 2.0, 0.1);
        for (at, note) in MELODY[bar % MELODY.len()].into_iter().enumerate() {
            tune.piano(beat + at as f32, 1.0, pitch(note), 0.5);
            tune.strings(beat + at as f32, SECONDS_PER_BEAT, pitch(note), 0.07);
        }
    }
    tune.echo();
    tune.normalised()
}

struct Tune(Vec<f32>);

impl Tune {
    fn silent() -> Self {
        Self(vec![0.0; samples(BARS as f32 * SECONDS_PER_BAR)])
    }

    /// Scale so that the loudest sample is at half of full scale.
    fn normalised(mut self) -> Vec<f32> {
        let peak = self.0.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        self.0.iter_mut().for_each(|s| *s *= 0.5 / peak);
        self.0
    }

    /// Add the room: three echoes that decay.
    fn echo(&mut self) {
        for (seconds, level) in [(0.029, 0.4), (0.043, 0.4), (0.071, 0.4)] {
            let delay = samples(seconds);
            for at in delay..self.0.len() {
                self.0[at] += level * self.0[at - delay];
            }
        }
    }

    /// Return the samples from a place in beats on, for some seconds or up to the end.
    fn from(&mut self, beat: f32, seconds: f32) -> &mut [f32] {
        let begin = samples(beat * SECONDS_PER_BEAT).min(self.0.len());
        let end = (begin + samples(seconds)).min(self.0.len());
        &mut self.0[begin..end]
    }

    /// Strike a string of the piano: six partials, each a little higher than a multiple of the first, of which the upper ones
    /// are softer and decay sooner.
    fn piano(&mut self, beat: f32, seconds: f32, hz: f64, level: f32) {
        for k in 1..=6 {
            let k = f64::from(k);
            let mut turn = Turn::new(k * hz * (1.0 + 0.0004 * k * k).sqrt());
            let decay = (-(1.5 + 0.7 * k) / f64::from(RATE)).exp() as f32;
            let mut level = level * k.powf(-1.3) as f32;
            for (at, sample) in self.from(beat, seconds).iter_mut().enumerate() {
                *sample += level * turn.sine * ramp(at, samples(seconds), 0.004);
                turn.go_on();
                level *= decay;
            }
        }
    }

    /// Bow three strings a little out of tune, with vibrato, whose upper partials are damped.
    fn strings(&mut self, beat: f32, seconds: f32, hz: f64, level: f32) {
        let mut damped = 0.0;
        let mut vibrato = Turn::new(5.3);
        let mut strings = [0.997, 1.0, 1.004].map(|tuning| Saw {
            step: (hz * tuning / f64::from(RATE)) as f32,
            phase: 0.0,
        });
        for (at, sample) in self.from(beat, seconds).iter_mut().enumerate() {
            let bend = 1.0 + 0.01 * vibrato.cosine;
            vibrato.go_on();
            let bowed: f32 = strings.iter_mut().map(|saw| saw.next(bend)).sum();
            damped += 0.25 * (bowed - damped);
            *sample += level * damped * ramp(at, samples(seconds), 0.08);
        }
    }
}

/// A pointer that turns with a frequency.
///
/// Machines differ in the last bit of sines, powers and exponentials. As these are taken in double precision and rounded, and
/// samples are made with sums and products alone, all of them make the same tune.
struct Turn {
    sine: f32,
    cosine: f32,
    step: (f32, f32),
}

impl Turn {
    fn new(hz: f64) -> Self {
        let (sine, cosine) = (TAU * hz / f64::from(RATE)).sin_cos();
        Self {
            sine: 0.0,
            cosine: 1.0,
            step: (sine as f32, cosine as f32),
        }
    }

    fn go_on(&mut self) {
        let (sine, cosine) = self.step;
        (self.sine, self.cosine) = (
            sine * self.cosine + cosine * self.sine,
            cosine * self.cosine - sine * self.sine,
        );
    }
}

/// A saw tooth.
struct Saw {
    /// Periods per sample.
    step: f32,
    phase: f32,
}

impl Saw {
    /// Return the next sample, at `bend` times the frequency. Its step is smoothed over two samples, so that it hardly
    /// aliases (polyBLEP).
    fn next(&mut self, bend: f32) -> f32 {
        let phase = self.phase;
        let step = self.step * bend;
        self.phase += step;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
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
}

/// Return the number of samples in some seconds.
fn samples(seconds: f32) -> usize {
    (seconds * RATE as f32) as usize
}

/// Return the frequency of a note, Hz.
fn pitch(note: u8) -> f64 {
    BASE * 2_f64.powf(f64::from(note) / 12.0)
}

/// Fade a voice of some samples in and out over some seconds.
fn ramp(at: usize, length: usize, seconds: f32) -> f32 {
    (at.min(length - at) as f32 / (seconds * RATE as f32)).min(1.0)
}
