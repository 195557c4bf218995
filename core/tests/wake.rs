//! The gate: levels and changes against floating point, decisions however the samples are divided, what opens it and what
//! does not.

mod common;

use std::f64::consts::TAU;
use std::sync::OnceLock;

use common::Random;
use proptest::prelude::*;
use timbrel_core::wake::{Gate, GateSettings};

/// The measurements of a gate in floating point, from their definitions.
struct Measured {
    /// One value per block, in dBFS.
    levels: Vec<f64>,
    /// One value per block, in dB.
    fluxes: Vec<f64>,
}

fn decibels(energy: f64) -> f64 {
    10.0 * energy.max(1e-12).log10()
}

/// Measure blocks of samples with full scale ±1.0.
fn measure(samples: &[f64], block: usize) -> Measured {
    let mut measured = Measured {
        levels: Vec::new(),
        fluxes: Vec::new(),
    };
    let mut last = samples.first().copied().unwrap_or_default();
    let (mut bands, mut changes): (Option<[f64; 2]>, _) = (None, [0.0; 2]);
    for samples in samples.chunks_exact(block) {
        let mean = samples.iter().sum::<f64>() / block as f64;
        let energy = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / block as f64;
        let mut high = 0.0;
        for sample in samples {
            high += ((sample - last) / 2.0).powi(2) / block as f64;
            last = *sample;
        }
        let new = [energy - high, high].map(|energy| decibels(energy).max(-90.0));
        for (band, old) in bands.into_iter().flatten().enumerate() {
            changes[band] += ((new[band] - old).abs().min(12.0) - changes[band]) / 16.0;
        }
        bands = Some(new);
        measured.levels.push(decibels(energy));
        measured.fluxes.push(changes[0].min(changes[1]));
    }
    measured
}

/// Decisions from a gate's own measurements, which may lie on either side of a threshold from the exact ones.
struct Decisions {
    settings: GateSettings,
    open: bool,
    idle: f64,
}

impl Decisions {
    /// Decide after a block of some seconds.
    fn after(&mut self, level: f32, flux: f32, seconds: f64) -> bool {
        let settings = &self.settings;
        let threshold = if self.open {
            settings.close_dbfs
        } else {
            settings.open_dbfs
        };
        if level >= threshold && flux >= settings.least_flux_db {
            (self.open, self.idle) = (true, 0.0);
        } else {
            self.idle += seconds;
            self.open &= self.idle < f64::from(settings.hold_seconds);
        }
        self.open
    }
}

fn to_i16(samples: &[f64]) -> Vec<i16> {
    samples
        .iter()
        .map(|x| (x * 32_768.0).round() as i16)
        .collect()
}

fn level(dbfs: f64) -> f64 {
    10.0_f64.powf(dbfs / 20.0)
}

/// Return white noise of a level in dBFS.
fn noise(random: &mut Random, dbfs: f64, count: usize) -> Vec<f64> {
    let scale = level(dbfs) * 3.0_f64.sqrt();
    (0..count)
        .map(|_| scale * f64::from(random.unit()))
        .collect()
}

/// Return notes with a beat, which fade: two sines and a click of noise, four times a second.
fn music(random: &mut Random, rate: f64, dbfs: f64, seconds: f64) -> Vec<f64> {
    let count = (rate * seconds) as usize;
    let hertz = [220.0, 1_300.0];
    let sample = |i: usize| {
        let time = i as f64 / rate;
        let fade = (-(time * 4.0).fract() * 3.0).exp();
        let notes = hertz.map(|hertz| (TAU * hertz * time).sin());
        let hit = f64::from(random.unit()) * fade.powi(4);
        level(dbfs) * fade * (notes[0] + 0.3 * notes[1] + hit)
    };
    (0..count).map(sample).collect()
}

/// The block of a rate: 43 to 64 ms.
fn block(rate: u32) -> usize {
    match rate {
        8_000 => 512,
        16_000..=24_000 => 1_024,
        32_000..=48_000 => 2_048,
        _ => unreachable!(),
    }
}

/// Silence, noise and music in turns, with a constant offset.
fn signal(rate: u32) -> Vec<f64> {
    let mut random = Random(7);
    let hz = f64::from(rate);
    let seconds = |s: f64| (hz * s) as usize;
    let mut samples = noise(&mut random, -75.0, seconds(2.0));
    samples.extend(music(&mut random, hz, -20.0, 3.0));
    // too quiet to open the gate, loud enough to keep it open
    samples.extend(music(&mut random, hz, -45.0, 2.0));
    samples.extend(noise(&mut random, -40.0, seconds(8.0)));
    samples.extend(noise(&mut random, -80.0, seconds(1.0)));
    samples.extend(music(&mut random, hz, -12.0, 1.0));
    samples.extend(noise(&mut random, -80.0, seconds(4.0)));
    samples.iter().map(|x| x + 0.03).collect()
}

#[test]
fn measures_as_floating_point_does_and_decides_by_that() {
    for rate in [8_000, 16_000, 22_050, 48_000] {
        let samples = to_i16(&signal(rate));
        let exact: Vec<f64> = samples.iter().map(|x| f64::from(*x) / 32_768.0).collect();
        let measured = measure(&exact, block(rate));
        let mut expected = Decisions {
            settings: GateSettings::default(),
            open: false,
            idle: 0.0,
        };
        let mut gate = Gate::new(rate, GateSettings::default()).unwrap();
        let (mut opened, mut closed, mut was_open) = (0, 0, false);
        for (index, samples) in samples.chunks_exact(block(rate)).enumerate() {
            let open = gate.push(samples);
            let (found, flux) = (gate.level_dbfs(), gate.flux_db());
            let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 0.06;
            assert!(
                near(found, measured.levels[index]),
                "{found}, block {index}"
            );
            assert!(near(flux, measured.fluxes[index]), "{flux}, block {index}");
            let seconds = samples.len() as f64 / f64::from(rate);
            assert_eq!(open, expected.after(found, flux, seconds), "block {index}");
            opened += u32::from(open && !was_open);
            closed += u32::from(!open && was_open);
            was_open = open;
        }
        assert_eq!((opened, closed), (2, 2), "{rate} Hz");
    }
}

#[test]
fn a_sine_has_its_level_whatever_its_offset() {
    for (amplitude, offset) in [(1.0, 0.0), (0.1, 0.5), (0.01, -0.9), (0.001, 0.3)] {
        let sine = (0..16_384).map(|i| offset + amplitude * (TAU * f64::from(i) * 0.0625).sin());
        let mut gate = Gate::new(16_000, GateSettings::default()).unwrap();
        gate.push(&to_i16(&sine.collect::<Vec<_>>()));
        let expected = 20.0 * f64::log10(amplitude) - 3.01;
        let found = f64::from(gate.level_dbfs());
        assert!((found - expected).abs() < 0.1, "{found} {expected}");
        assert!(gate.flux_db() < 0.1, "{}", gate.flux_db());
    }
}

/// Filter white noise with one pole: 0 is white, near 1 is brown.
fn coloured(pole: f64, dbfs: f64, count: usize) -> Vec<f64> {
    let (mut random, mut last) = (Random(3), 0.0);
    let scale = (1.0 - pole * pole).sqrt();
    let filtered = noise(&mut random, dbfs, count).into_iter().map(|x| {
        last = pole * last + scale * x;
        last
    });
    filtered.collect()
}

#[test]
fn steady_sounds_do_not_open_it_and_music_does() {
    let rate = 22_050;
    let minute = 60 * rate as usize;
    let hum = |i: usize| 0.05 * (TAU * 50.0 * i as f64 / f64::from(rate)).sin().signum();
    let steady = [
        coloured(0.0, -20.0, minute),
        coloured(0.7, -20.0, minute),
        coloured(0.99, -20.0, minute),
        (0..minute).map(hum).collect(),
        vec![0.0; minute],
        vec![0.4; minute],
    ];
    for (index, sound) in steady.iter().enumerate() {
        let mut gate = Gate::new(rate, GateSettings::default()).unwrap();
        let opened = to_i16(sound).chunks(441).any(|samples| gate.push(samples));
        assert!(!opened, "sound {index}: {} dB", gate.flux_db());
    }

    // steady noise that begins opens it for the hold and the time of the average, not for good
    let mut gate = Gate::new(rate, GateSettings::default()).unwrap();
    assert!(!gate.push(&vec![0_i16; 22_050]));
    assert!(gate.push(&to_i16(&steady[0][..4_410])));
    assert!(!gate.push(&to_i16(&steady[0][..8 * 22_050])));

    // over noise, too
    let mut random = Random(9);
    let mut both = music(&mut random, f64::from(rate), -30.0, 5.0);
    both.iter_mut()
        .zip(&coloured(0.7, -50.0, minute))
        .for_each(|(a, b)| *a += b);
    let mut gate = Gate::new(rate, GateSettings::default()).unwrap();
    assert!(gate.push(&to_i16(&both)));
    gate.reset();
    assert!(!gate.is_open());
    assert_eq!(gate.level_dbfs().round(), -90.0);
}

#[cfg(feature = "decode")]
#[test]
#[ignore = "needs TIMBREL_DATA"]
fn recorded_music_opens_it_and_keeps_it_open() {
    let data = std::env::var_os("TIMBREL_DATA").expect("TIMBREL_DATA is set");
    let folder = std::path::Path::new(&data).join("gtzan/audio/long");
    let (mut seconds, mut open, mut pieces) = (0.0, 0.0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let samples = timbrel_core::host::decode::read_mono(&path, 22_050).unwrap();
        let mut gate = Gate::new(22_050, GateSettings::default()).unwrap();
        let mut opened = false;
        for block in samples.chunks(2_205) {
            let is_open = gate.push(block);
            opened |= is_open;
            seconds += 0.1;
            open += if is_open { 0.1 } else { 0.0 };
        }
        assert!(opened, "{path:?}");
        pieces += 1;
    }
    println!("{pieces} pieces: open in {open:.0} of {seconds:.0} s");
    assert!(pieces > 0 && open > 0.95 * seconds);
}

#[test]
fn the_hold_is_counted_in_samples() {
    let settings = GateSettings {
        least_flux_db: 0.0,
        hold_seconds: 1.0,
        ..GateSettings::default()
    };
    let mut gate = Gate::new(16_000, settings).unwrap();
    let loud: Vec<i16> = (0..1_024)
        .map(|i| if i % 2 == 0 { 3_000 } else { -3_000 })
        .collect();
    assert!(!gate.push(&loud[..1_023]));
    assert!(!gate.is_open());
    assert!(gate.push(&loud[1_023..]));
    assert!(gate.is_open());
    // 16 blocks are more than a second, 15 are not
    for blocks in 1..=16 {
        assert_eq!(gate.push(&[0_i16; 1_024]), blocks < 16, "{blocks}");
    }
}

#[test]
fn every_type_of_sample_gives_the_same_decisions() {
    let samples = to_i16(&signal(8_000));
    let mut gates = [(); 3].map(|()| Gate::new(8_000, GateSettings::default()).unwrap());
    for block in samples.chunks(100) {
        let open = gates[0].push(block);
        let wide: Vec<i32> = block.iter().map(|x| i32::from(*x) << 16).collect();
        let float: Vec<f32> = block.iter().map(|x| f32::from(*x) / 32_768.0).collect();
        assert_eq!((gates[1].push(&wide), gates[2].push(&float)), (open, open));
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let good = GateSettings::default();
    assert!(Gate::new(3_999, good).unwrap_err().what.contains("rate"));
    for (settings, name) in [
        (
            GateSettings {
                open_dbfs: 0.1,
                ..good
            },
            "open_dbfs",
        ),
        (
            GateSettings {
                open_dbfs: f32::NAN,
                ..good
            },
            "open_dbfs",
        ),
        (
            GateSettings {
                close_dbfs: -50.0,
                ..good
            },
            "close_dbfs",
        ),
        (
            GateSettings {
                least_flux_db: -1.0,
                ..good
            },
            "least_flux_db",
        ),
        (
            GateSettings {
                hold_seconds: f32::INFINITY,
                ..good
            },
            "hold_seconds",
        ),
    ] {
        let error = Gate::new(16_000, settings).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same decisions after the same samples, however they are divided.
    #[test]
    fn divisions_do_not_matter(cuts in prop::collection::vec(0_usize..3_000, 1..40)) {
        static ONE_BY_ONE: OnceLock<(Vec<i16>, Vec<bool>)> = OnceLock::new();
        let settings = GateSettings { hold_seconds: 0.3, ..GateSettings::default() };
        let mut gate = Gate::new(8_000, settings).unwrap();
        let (samples, one_by_one) = ONE_BY_ONE.get_or_init(|| {
            let samples = to_i16(&signal(8_000));
            let decided = samples.iter().map(|x| gate.push(&[*x])).collect();
            (samples, decided)
        });
        gate.reset();
        let mut at = 0;
        for cut in cuts.into_iter().cycle().take(200) {
            let end = (at + cut).min(samples.len());
            let open = gate.push(&samples[at..end]);
            at = end;
            prop_assert_eq!(open, at > 0 && one_by_one[at - 1]);
        }
    }
}
