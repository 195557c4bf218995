//! One stage of the way from a file's bytes to a genre, for counting instructions: `stages NAME` does it once to warm
//! up, and once inside the function `measured`. Without a name it prints all of them.
//!
//! `benches/counts.sh` runs it under valgrind.

mod layers;
mod noise;

use std::error::Error;
use std::hint::black_box;

use noise::noise;
use timbrel_core::audio::{InputFormat, Pdm, Resampler};
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::frontend::{FrontEnd, LogMel};
use timbrel_core::model::Model;

type Outcome = Result<(), Box<dyn Error>>;

/// Name and job; the last word or two of the name say with which kernels.
type Stage = (&'static str, fn(&str) -> Outcome);

const STAGES: &[Stage] = &[
    ("parse compact", parse),
    ("make compact", make),
    ("window compact AVX2", window),
    ("window compact portable", window),
    ("window tiny AVX2", window),
    ("window s2-mfcc-3s AVX2", window),
    ("in-place compact AVX2", window),
    ("conv AVX2 67 7 204 30 1", conv),
    ("conv AVX2 38 7 204 59 1", conv),
    ("conv AVX2 1 128 51 96 1", conv),
    ("conv AVX2 1 32 51 96 1", conv),
    ("conv AVX2 1 7 64 1 562", conv),
    ("columns 512", columns),
    ("columns 1708", columns),
    ("resample 8000", resample),
    ("resample 16000", resample),
    ("resample 44100", resample),
    ("resample 48000", resample),
    ("resample 96000", resample),
    ("pdm 1411200 22050", pdm),
    ("pdm 3072000 16000", pdm),
    ("classify 22050 1", classify),
    ("classify 44100 2", classify),
    ("classify 48000 2", classify),
];

const MODEL_RATE: u32 = 22_050;

fn main() -> Outcome {
    let Some(name) = std::env::args().nth(1) else {
        STAGES.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    };
    let stage = STAGES.iter().find(|(known, _)| *known == name);
    let (name, run) = stage.ok_or("no such stage")?;
    run(name)
}

/// Do it once to warm up, then once to be counted.
fn count(mut stage: impl FnMut()) {
    stage();
    measured(&mut stage);
}

/// Run the stage in the function whose instructions are counted.
#[inline(never)]
fn measured(stage: &mut dyn FnMut()) {
    stage();
    // so that the call above is not a jump to it
    black_box(());
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(' ').skip(1)
}

fn model_file(name: &str) -> std::io::Result<Vec<u8>> {
    std::fs::read(format!(
        "{}/../models/{name}.timbrel",
        env!("CARGO_MANIFEST_DIR")
    ))
}

fn kernels(name: &str) -> Result<Kernels, Box<dyn Error>> {
    let found = Kernels::available().find(|kernels| kernels.name() == name);
    Ok(found.ok_or("this machine lacks these instructions")?)
}

fn parse(name: &str) -> Outcome {
    let file = model_file(words(name).next().unwrap_or_default())?;
    count(|| {
        _ = black_box(Model::parse(black_box(&file)));
    });
    Ok(())
}

/// Make an engine from a model, with repacked weights.
fn make(name: &str) -> Outcome {
    let file = model_file(words(name).next().unwrap_or_default())?;
    let model = Model::parse(&file)?;
    let kernels = kernels("AVX2")?;
    let mut memory = vec![0; Int8Engine::fast_bytes_with(&model, kernels)];
    count(|| {
        _ = black_box(Int8Engine::with_kernels(model, kernels, &mut memory).is_ok());
    });
    Ok(())
}

/// Run one window of a model with a set of kernels.
fn window(name: &str) -> Outcome {
    let mut words = words(name);
    let file = model_file(words.next().unwrap_or_default())?;
    let kernels = kernels(words.next().unwrap_or_default())?;
    let model = Model::parse(&file)?;
    let bytes = if name.starts_with("in-place") {
        Int8Engine::required_bytes(&model)
    } else {
        Int8Engine::fast_bytes_with(&model, kernels)
    };
    let mut memory = vec![0; bytes];
    let mut engine = Int8Engine::with_kernels(model, kernels, &mut memory)?;
    let window: Vec<u8> = noise(model.input().len() as usize)
        .iter()
        .map(|value| (value * 127.0 + 128.0) as u8)
        .collect();
    let mut logits = vec![0; model.classes()];
    count(|| {
        engine.input().copy_from_slice(&window);
        _ = black_box(engine.run(black_box(&mut logits)).is_ok());
    });
    Ok(())
}

/// Run a convolution of a large network at 32 columns: its kernel's height and width, its outputs, the rows that are pooled,
/// and its input's channels, which a kernel of one tap makes.
fn conv(name: &str) -> Outcome {
    let mut words = words(name);
    let kernels = kernels(words.next().unwrap_or_default())?;
    let numbers: Vec<u16> = words.map(str::parse).collect::<Result<_, _>>()?;
    let [height, width, outputs, pool, channels] = numbers[..] else {
        return Err("want five numbers".into());
    };
    let file = layers::model([height as u8, width as u8], pool as u8, channels, outputs)?;
    let model = Model::parse(&file)?;
    let mut memory = vec![0; Int8Engine::fast_bytes_with(&model, kernels)];
    let mut engine = Int8Engine::with_kernels(model, kernels, &mut memory)?;
    let mut logits = vec![0; model.classes()];
    engine.input().fill(77);
    count(|| _ = black_box(engine.run(black_box(&mut logits)).is_ok()));
    println!("{} multiply-adds", model.cost().window);
    Ok(())
}

/// Compute one second of log-mel columns of 2,048 samples every so many.
fn columns(name: &str) -> Outcome {
    let hop: u16 = words(name).next().unwrap_or_default().parse()?;
    let front_end = FrontEnd {
        hop,
        ..FrontEnd::COMPACT
    };
    let mut log_mel = LogMel::<2048, 128>::new(&front_end).ok_or("a front end is refused")?;
    let samples = noise(MODEL_RATE as usize);
    count(|| {
        let mut rest = &samples[..];
        while !rest.is_empty() {
            let (taken, column) = log_mel.push_slice(rest);
            black_box(column);
            rest = &rest[taken..];
        }
    });
    Ok(())
}

/// Resample a tenth of a second.
fn resample(name: &str) -> Outcome {
    let rate: u32 = words(name).next().unwrap_or_default().parse()?;
    let input = noise(rate as usize / 10);
    let mut output = vec![0.0; MODEL_RATE as usize / 8];
    let mut resampler = Resampler::new(rate, MODEL_RATE)?;
    count(|| {
        black_box(resampler.process(black_box(&input), black_box(&mut output)));
    });
    Ok(())
}

/// Convert a tenth of a second from a digital microphone.
fn pdm(name: &str) -> Outcome {
    let mut words = words(name).map(str::parse);
    let mut word = || words.next().ok_or("a number is missing");
    let (clock, rate): (u32, u32) = (word()??, word()??);
    let bytes: Vec<u8> = noise(clock as usize / 80)
        .iter()
        .map(|value| value.to_bits() as u8)
        .collect();
    let mut pdm = Pdm::new(clock, rate)?;
    let mut output = vec![0; rate as usize / 10];
    count(|| {
        black_box(pdm.process(black_box(&bytes), black_box(&mut output)));
    });
    Ok(())
}

/// Classify three seconds of interleaved samples.
fn classify(name: &str) -> Outcome {
    let mut words = words(name).map(str::parse);
    let mut word = || words.next().ok_or("a number is missing");
    let (sample_rate, channels): (u32, u32) = (word()??, word()??);
    let file = model_file("compact")?;
    let model = Model::parse(&file)?;
    let kernels = kernels("AVX2")?;
    // under valgrind this is the best set; elsewhere the counts would differ
    if kernels != Kernels::best() {
        return Err("AVX2 is not the best set of this machine".into());
    }
    let format = InputFormat {
        sample_rate,
        channels: channels as u16,
    };
    let samples = noise(3 * (sample_rate * channels) as usize);
    let mut memory = vec![0; Classifier::fast_bytes(&model)];
    let mut classifier = Classifier::int8(model, format, &mut memory)?;
    let mut failed = false;
    count(|| {
        classifier.reset();
        let mut rest = &samples[..];
        while let Ok(pushed) = classifier.push(rest) {
            rest = &rest[pushed.consumed..];
            if rest.is_empty() {
                break;
            }
        }
        failed |= classifier.finish().is_err() || black_box(classifier.result()).is_err();
    });
    if failed {
        Err("no answer".into())
    } else {
        Ok(())
    }
}
