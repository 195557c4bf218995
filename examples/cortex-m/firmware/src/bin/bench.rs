//! Counts the instructions of each part, under QEMU with the plugin in `qemu/icount.c`. For each
//! measurement this prints `count NAME` and the plugin a number; `measure.sh` joins them into tables.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use core::hint::black_box;

use cortex_m_rt::entry;
use firmware::console::Console;
use firmware::probe;
use scenario::{FrontEndMemory, Tune};
use timbrel_core::audio::InputFormat;
use timbrel_core::audio::{Pdm, Resampler};
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine};
use timbrel_core::frontend::{FrontEnd, Padding, Stft};
use timbrel_core::model::Model;

/// Two models that differ by one layer and the length of the dense layer after it.
struct Layer {
    name: &'static str,
    with: &'static [u8],
    without: &'static [u8],
    /// Multiply-adds, or values that are compared.
    work: u32,
    /// Difference in the length of the dense layer's input between `with` and `without`.
    tail: i32,
}

include!(concat!(env!("OUT_DIR"), "/layers.rs"));

const MEMORY_BYTES: usize = 96 * 1024;
const HOP: usize = FrontEnd::COMPACT.hop as usize;
/// A resampler gets a tenth of a second.
const PART_OF_SECOND: u32 = 10;

#[entry]
fn main() -> ! {
    static mut MEMORY: [u8; MEMORY_BYTES] = [0; MEMORY_BYTES];
    static mut FRAME: [f32; 2048] = [0.0; 2048];

    let mut console = Console::open();
    let stft = Stft::new(HOP as u16, Padding::None);
    let stft = stft.and_then(|stft| cortex_m::singleton!(: Stft<2048> = stft));
    let log_mel = FrontEndMemory::new(&FrontEnd::COMPACT);
    let log_mel = log_mel.and_then(|log_mel| cortex_m::singleton!(: FrontEndMemory = log_mel));
    let (Some(stft), Some(log_mel)) = (stft, log_mel) else {
        console.fail("a front end is refused");
    };
    let mut bench = Bench {
        console: &mut console,
    };
    bench.count("nothing", || ());
    bench.fft(FRAME);
    bench.stft(stft);
    bench.log_mel(log_mel);
    for rate in [16_000, 44_100, 48_000] {
        bench.resampler(rate);
    }
    for (name, clock, rate) in [
        ("PDM 1411200", 1_411_200, 22_050),
        ("PDM 3072000", 3_072_000, 16_000),
    ] {
        bench.pdm(name, clock, rate);
    }
    if bench.window(MEMORY).is_none() {
        bench.console.fail("the model is refused");
    }
    for layer in LAYERS {
        if bench.layer(layer, MEMORY).is_none() {
            bench.console.fail("a layer's model is refused");
        }
    }
    bench.dense(MEMORY);
    fingerprint(&mut console, "columns", Some(scenario::columns(log_mel)));
    fingerprint(&mut console, "resampled", scenario::resampled());
    console.exit()
}

fn fingerprint(console: &mut Console, what: &str, value: Option<u32>) {
    console.text(what);
    console.text(" ");
    console.number(value.unwrap_or_default());
    console.text("\n");
}

/// Return the tune with full scale ±1.0.
fn samples() -> impl Iterator<Item = f32> {
    Tune::new().map(|sample| f32::from(sample) / 32_768.0)
}

struct Bench<'a> {
    console: &'a mut Console,
}

impl Bench<'_> {
    fn count<T>(&mut self, what: &str, f: impl FnOnce() -> T) -> T {
        self.console.text("count ");
        self.console.text(what);
        self.console.text("\n");
        probe::count(|| black_box(f()))
    }

    fn value(&mut self, what: &str, value: i32) {
        self.console.text("value ");
        self.console.text(what);
        self.console.text(if value < 0 { " -" } else { " " });
        self.console.number(value.unsigned_abs());
        self.console.text("\n");
    }

    fn fft(&mut self, frame: &mut [f32; 2048]) {
        let mut tune = samples();
        frame.fill_with(|| tune.next().unwrap_or_default());
        self.count("FFT", || {
            black_box(microfft::real::rfft_2048(black_box(frame)));
        });
    }

    /// Measure the STFT; only the sample that completes the column is counted.
    fn stft(&mut self, stft: &mut Stft<2048>) {
        let mut tune = samples();
        for sample in tune.by_ref().take(2047) {
            stft.push(sample);
        }
        let sample = tune.next().unwrap_or_default();
        self.count("STFT column", || stft.push(black_box(sample)).is_some());
    }

    fn log_mel(&mut self, log_mel: &mut FrontEndMemory) {
        let mut tune = samples();
        for sample in tune.by_ref().take(1023) {
            log_mel.push(sample);
        }
        let sample = tune.next().unwrap_or_default();
        self.count("power column", || {
            log_mel.push_power(black_box(sample)).is_some()
        });
        // the first sample after a column moves the overlap
        for (what, count) in [("1 sample", 1), ("256 samples", 256)] {
            let mut block = [0.0; 256];
            block.fill_with(|| tune.next().unwrap_or_default());
            self.count(what, || {
                let samples = black_box(&block).get(..count).unwrap_or_default();
                black_box(log_mel.push_slice(samples));
            });
        }
        for sample in tune.by_ref().take(HOP - 258) {
            log_mel.push(sample);
        }
        let sample = tune.next().unwrap_or_default();
        self.count("dB column", || log_mel.push(black_box(sample)).is_some());
    }

    fn resampler(&mut self, rate: u32) {
        let Ok(mut resampler) = Resampler::new(rate, scenario::RATE_HZ) else {
            return;
        };
        let mut input = [0.0; 64];
        for (slot, sample) in input.iter_mut().zip(samples()) {
            *slot = sample;
        }
        let blocks = rate / PART_OF_SECOND / input.len() as u32;
        // as many outputs as a block gives, and more
        let mut output = [0.0; 128];
        let mut run = || {
            let mut outputs = 0;
            for _ in 0..blocks {
                outputs += resampler.process(&input, &mut output).produced as i32;
                black_box(&output);
            }
            outputs
        };
        // it begins empty, with outputs that are not ready yet
        run();
        let name = match rate {
            16_000 => "resampler 16000",
            44_100 => "resampler 44100",
            _ => "resampler 48000",
        };
        let outputs = self.count(name, run);
        self.value(name, outputs);
    }

    /// Measure a block of 1,024 bytes from a microphone.
    fn pdm(&mut self, name: &str, clock: u32, rate: u32) {
        let Ok(mut pdm) = Pdm::new(clock, rate) else {
            return;
        };
        let mut bytes = [0; 1024];
        for (slot, sample) in bytes.iter_mut().zip(Tune::new()) {
            *slot = sample as u8;
        }
        let mut output = [0; 128];
        let produced = self.count(name, || {
            pdm.process(black_box(&bytes), black_box(&mut output))
                .produced
        });
        self.value(name, produced as i32);
    }

    /// Measure the shipped model from its bytes to a window's logits.
    fn window(&mut self, memory: &mut [u8]) -> Option<()> {
        let model = self.count("parse", || Model::parse(black_box(scenario::MODEL)).ok())?;
        let format = InputFormat::mono(scenario::RATE_HZ);
        let mut classifier = self.count("make", || {
            Classifier::int8(black_box(model), format, memory).ok()
        })?;
        // only the window's last sample is counted: a column, the window and its logits
        self.value("columns between windows", i32::from(model.window().hop));
        let columns = usize::from(model.window().columns);
        let before = (columns - 1) * HOP + 1023;
        let mut tune = Tune::new();
        let mut block = [0; 256];
        block.fill_with(|| tune.sample());
        // the second block completes no column
        for what in ["first 256 samples pushed", "256 samples pushed"] {
            self.count(what, || classifier.push(black_box(&block)).is_ok());
        }
        for _ in 512..before {
            classifier.push(&[tune.sample()]).ok()?;
        }
        let last = [tune.sample()];
        let pushed = self.count("window", || classifier.push(black_box(&last)));
        if !pushed.is_ok_and(|pushed| pushed.window) {
            self.console.fail("no window");
        }
        self.engine("inference", model, memory)
    }

    fn engine(&mut self, what: &str, model: Model<'_>, memory: &mut [u8]) -> Option<()> {
        let mut logits = [0; 16];
        let mut engine = Int8Engine::new(model, memory).ok()?;
        let mut tune = Tune::new();
        engine.input().fill_with(|| (tune.sample() >> 8) as u8);
        self.count(what, || engine.run(black_box(&mut logits)).is_ok());
        Some(())
    }

    fn layer(&mut self, layer: &Layer, memory: &mut [u8]) -> Option<()> {
        self.console.text("layer ");
        self.console.text(layer.name);
        self.console.text("\n");
        self.value("work", layer.work as i32);
        self.value("tail", layer.tail);
        self.engine("with", Model::parse(layer.with).ok()?, memory)?;
        self.engine("without", Model::parse(layer.without).ok()?, memory)
    }

    /// Measure a dense layer's instructions per input.
    fn dense(&mut self, memory: &mut [u8]) {
        self.console.text("layer dense row\n");
        self.value("work", DENSE_LEN);
        for (name, model) in [("without", DENSE_1), ("with", DENSE_2)] {
            if let Ok(model) = Model::parse(model) {
                self.engine(name, model, memory);
            }
        }
    }
}
