//! The boards' main loop under QEMU: SysTick plays the microphone's DMA, and the answers are compared with the desktop's.
#![no_std]
#![no_main]

use core::cell::RefCell;
use core::convert::Infallible;

use cortex_m::interrupt::Mutex;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use cortex_m_semihosting::{debug, hprint, hprintln};
use embassy_executor::Spawner;
use listener::{BLOCK, Blocks, Heard, Int8Classifier, MEMORY_BYTES, Microphone, Queued};
use scenario::Tune;
use static_cell::ConstStaticCell;

/// 0.74 s.
static BLOCKS: Blocks<64> = Blocks::new();
static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);
static PLAYER: Mutex<RefCell<Player>> = Mutex::new(RefCell::new(Player {
    tune: Tune::new(),
    waiting: None,
}));

/// Clock of the timer on the emulated board, Hz.
const TIMER_HZ: u64 = 25_000_000;

/// The tune, and the block that did not fit yet: it must not lose what the desktop hears.
struct Player {
    tune: Tune,
    waiting: Option<[i16; BLOCK]>,
}

/// A microphone that ends with the tune.
struct Recording {
    queued: Queued<'static, 64>,
    left: usize,
}

impl Microphone for Recording {
    type Sample = i16;
    type Error = Infallible;

    async fn next(&mut self) -> Result<Option<&[i16]>, Infallible> {
        match self.left.checked_sub(1) {
            None => Ok(None),
            Some(left) => {
                self.left = left;
                self.queued.next().await
            }
        }
    }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let listened = run().await;
    debug::exit(if listened.is_some() {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
}

async fn run() -> Option<()> {
    let mut classifier = listener::classifier(scenario::RATE_HZ, MEMORY.take()).ok()?;
    let mut core = cortex_m::Peripherals::take()?;
    core.SYST.set_clock_source(SystClkSource::Core);
    let ticks = TIMER_HZ * BLOCK as u64 / u64::from(scenario::RATE_HZ);
    core.SYST.set_reload(ticks as u32 - 1);
    core.SYST.clear_current();
    core.SYST.enable_counter();
    core.SYST.enable_interrupt();
    let mut recording = Recording {
        queued: BLOCKS.microphone(),
        left: scenario::SAMPLES / BLOCK,
    };
    listener::listen(&mut recording, None, &mut classifier, report)
        .await
        .ok()
}

/// Print the line that the desktop prints, too.
fn report(heard: Heard, classifier: &Int8Classifier<'_>) {
    let Ok(result) = classifier.result() else {
        return;
    };
    let what = match heard {
        Heard::Window => "window",
        Heard::Piece => "all",
    };
    let percent = (100.0 * result.confidence) as u32;
    hprint!(
        "{} {}: {} {} %, logits",
        what,
        result.windows,
        result.label,
        percent
    );
    for logit in classifier.logits() {
        hprint!(" {}", logit);
    }
    hprintln!();
}

#[exception]
fn SysTick() {
    cortex_m::interrupt::free(|cs| {
        let mut player = PLAYER.borrow(cs).borrow_mut();
        let Player { tune, waiting } = &mut *player;
        let block = waiting
            .take()
            .unwrap_or_else(|| core::array::from_fn(|_| tune.sample()));
        if !BLOCKS.offer(&block) {
            *waiting = Some(block);
        }
    });
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
