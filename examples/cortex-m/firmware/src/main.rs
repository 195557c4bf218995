//! Music genre on a Cortex-M: samples come from a timer interrupt as from an ADC, the main loop classifies
//! them and prints by semihosting.
//!
//! Nothing here or below it allocates, formats or panics, and everything large is in a `static`.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use cortex_m_rt::entry;
use firmware::audio;
use firmware::console::Console;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Int8Engine;
use timbrel_core::model::Model;

/// `fast_bytes` of the shipped model, rounded up; `main` checks it. The DSP extension makes use of a little more.
const MEMORY_BYTES: usize = if cfg!(feature = "dsp") { 80 } else { 78 } * 1024;

type Int8Classifier = Classifier<'static, Int8Engine<'static>>;

#[entry]
fn main() -> ! {
    // cortex-m-rt gives out each of these statics once, as `&'static mut`
    static mut QUEUE: audio::Queue = audio::Queue::new();
    static mut MEMORY: [u8; MEMORY_BYTES] = [0; MEMORY_BYTES];
    let mut console = Console::open();
    let Some(classifier) = classifier(MEMORY) else {
        console.fail("the model is refused or the memory too small");
    };
    let Some(mut samples) =
        cortex_m::Peripherals::take().and_then(|peripherals| audio::start(peripherals.SYST, QUEUE))
    else {
        console.fail("the timer is taken");
    };

    while let Some(block) = samples.wait() {
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            let Ok(pushed) = classifier.push(rest) else {
                console.fail("a sample is refused");
            };
            rest = rest.get(pushed.consumed..).unwrap_or_default();
            if pushed.window {
                print(&mut console, "window", classifier);
            }
        }
    }
    if classifier.finish().is_err() {
        console.fail("no audio");
    }
    print(&mut console, "all", classifier);
    console.note("blocks that came too early", samples.delayed());
    #[cfg(feature = "measure")]
    {
        console.note("bytes of memory", MEMORY_BYTES as u32);
        console.note("bytes of queue", size_of::<audio::Queue>() as u32);
        console.note(
            "bytes of the classifier",
            size_of::<Int8Classifier>() as u32,
        );
        console.note("bytes of stack", firmware::probe::stack_used());
    }
    console.exit()
}

/// Make the classifier in a function of its own, so that its stack is given back.
#[inline(never)]
fn classifier(memory: &'static mut [u8]) -> Option<&'static mut Int8Classifier> {
    let model = Model::parse(scenario::MODEL).ok()?;
    let classifier = Classifier::int8(model, InputFormat::mono(scenario::RATE_HZ), memory).ok()?;
    cortex_m::singleton!(: Int8Classifier = classifier)
}

/// Print the line that the desktop prints, too.
fn print(console: &mut Console, what: &str, classifier: &Int8Classifier) {
    let Ok(result) = classifier.result() else {
        console.fail("no result");
    };
    console.text(what);
    console.text(" ");
    console.number(result.windows);
    console.text(": ");
    console.text(result.label);
    console.text(" ");
    console.number((100.0 * result.confidence) as u32);
    console.text(" %, logits");
    for logit in classifier.logits() {
        console.text(if *logit < 0 { " -" } else { " " });
        console.number(logit.unsigned_abs());
    }
    console.text("\n");
}
