//! What a song costs from samples to genre: three minutes of 44.1 kHz stereo in 16 bits, as a decoder hands them out, without
//! starting a process or reading a file. Prints processor time in milliseconds: `song [RUNS [MODEL.timbrel]]`.

use std::error::Error;
use std::time::Instant;

use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::{Classifier, Prediction};
use timbrel_core::engine::{Int8Engine, Kernels};
use timbrel_core::model::Model;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FORMAT: InputFormat = InputFormat {
    sample_rate: 44_100,
    channels: 2,
};
const SECONDS: usize = 180;

/// Samples of a push, as many as a packet of a decoder has.
const PACKET: usize = 8_192;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let runs: usize = arguments.next().map_or(Ok(21), |runs| runs.parse())?;
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/compact.timbrel");
    let file = std::fs::read(arguments.next().as_deref().unwrap_or(default))?;
    let model = Model::parse(&file)?;
    let mut memory = vec![0; Classifier::<Int8Engine<'_>>::fast_bytes(&model)];
    let mut classifier = Classifier::int8(model, FORMAT, &mut memory)?;
    let samples = one_second();
    // once to touch all memory
    classify(&mut classifier, &samples)?;
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let start = processor_time();
        classify(&mut classifier, &samples)?;
        times.push((processor_time() - start) * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{SECONDS} s of stereo with {}: median {:.1} ms, least {:.1} ms",
        Kernels::best().name(),
        times[times.len() / 2],
        times[0]
    );
    Ok(())
}

fn classify<'c>(
    classifier: &'c mut Classifier<'_, Int8Engine<'_>>,
    samples: &[i16],
) -> Outcome<Prediction<'c>> {
    classifier.reset();
    let times = SECONDS;
    for packet in std::iter::repeat_n(samples, times).flat_map(|part| part.chunks(PACKET)) {
        let mut rest = packet;
        while !rest.is_empty() {
            rest = &rest[classifier.push(rest)?.consumed..];
        }
    }
    classifier.finish()?;
    Ok(classifier.result()?)
}

/// Return noise that swells and fades. A song repeats it: a decoder's samples are in the cache, too.
fn one_second() -> Vec<i16> {
    let mut state = 1_u32;
    let samples = FORMAT.sample_rate as usize * usize::from(FORMAT.channels);
    let next = |at: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let loudness = 0.6 + 0.4 * (at as f32 / 88_200.0).sin();
        (f32::from((state >> 16) as i16) * loudness * 0.5) as i16
    };
    (0..samples).map(next).collect()
}

/// Return the seconds that this thread has run; where the system does not tell, those on the wall.
fn processor_time() -> f64 {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedule.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |time| time / 1e9)
}
