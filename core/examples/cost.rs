//! Measures what a second of audio costs from samples to the genre, by the length of a signal, its channels, its rate, and the
//! number of signals that are classified side by side: `cargo run --release -p timbrel-core --example cost [MODEL]`.
//!
//! Costs are in processor time where the system tells it (Linux), so that other work of the machine counts little, and as a
//! ratio to the first line of their table. Each line is the least of several runs, all lines alternately.

mod noise;

use std::error::Error;
use std::time::Instant;

use noise::noise;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::Model;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is classified: `streams` signals of `seconds`, a tenth of a second of each in turn.
#[derive(Clone, Copy)]
struct Case {
    rate: u32,
    channels: u16,
    seconds: u32,
    streams: usize,
}

const SONG: Case = Case {
    rate: 44_100,
    channels: 2,
    seconds: 180,
    streams: 1,
};

fn main() -> Outcome<()> {
    let path = std::env::args().nth(1);
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/compact.timbrel");
    let file = std::fs::read(path.as_deref().unwrap_or(default))?;
    let model = Model::parse(&file)?;
    let lengths = [1, 3, 10, 60].map(|minutes| Case {
        seconds: 60 * minutes,
        ..SONG
    });
    report(model, "minutes", lengths, 1, |case| case.seconds / 60)?;
    let channels = [1, 2, 3, 4, 6, 8].map(|channels| Case { channels, ..SONG });
    report(model, "channels", channels, 3, |case| case.channels.into())?;
    let rates = [
        22_050, 8_000, 11_025, 16_000, 32_000, 44_100, 48_000, 96_000,
    ];
    let rates = rates.map(|rate| Case {
        rate,
        channels: 1,
        ..SONG
    });
    report(model, "rate, Hz", rates, 3, |case| case.rate)?;
    // as much audio in each case, as long as the signals have a window
    let streams = [1, 10, 100, 1_000].map(|streams| Case {
        seconds: (300 / streams as u32).max(3),
        streams,
        ..SONG
    });
    report(model, "streams", streams, 2, |case| case.streams as u32)
}

/// Measure cases alternately and print a table of them.
fn report<const N: usize>(
    model: Model<'_>,
    what: &str,
    cases: [Case; N],
    runs: usize,
    value: impl Fn(&Case) -> u32,
) -> Outcome<()> {
    let mut least = [f64::INFINITY; N];
    for _ in 0..runs {
        for (case, least) in cases.iter().zip(&mut least) {
            *least = least.min(measure(model, case)?);
        }
    }
    println!("\n| {what} | µs per second of audio | ratio |\n|---:|---:|---:|");
    for (case, time) in cases.iter().zip(least) {
        println!("| {} | {time:.0} | {:.2} |", value(case), time / least[0]);
    }
    Ok(())
}

/// Classify a case's signals and return the microseconds per second of audio, without those of making classifiers.
fn measure(model: Model<'_>, case: &Case) -> Outcome<f64> {
    let format = InputFormat {
        sample_rate: case.rate,
        channels: case.channels,
    };
    let bytes = Classifier::<Int8Engine<'_>>::fast_bytes(&model);
    let mut memory = vec![0; bytes * case.streams];
    let mut classifiers = Vec::new();
    for memory in memory.chunks_exact_mut(bytes) {
        classifiers.push(Classifier::int8(model, format, memory)?);
    }
    // ten seconds, over and over
    let block = case.rate as usize / 10 * usize::from(case.channels);
    let samples = noise(100 * block);
    let blocks = samples.chunks_exact(block).cycle();
    let start = processor_time();
    for block in blocks.take(10 * case.seconds as usize) {
        for classifier in &mut classifiers {
            let mut rest = block;
            while !rest.is_empty() {
                rest = &rest[classifier.push(rest)?.consumed..];
            }
        }
    }
    for classifier in &mut classifiers {
        classifier.finish()?;
        classifier.result()?;
    }
    let audio = f64::from(case.seconds) * case.streams as f64;
    Ok((processor_time() - start) * 1e6 / audio)
}

/// Return the seconds that this thread has run; where the system does not tell, those on the wall.
fn processor_time() -> f64 {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedule.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |time| time / 1e9)
}
