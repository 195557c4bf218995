//! Samples as an ADC with a DMA gives them: an interrupt for each full block, whatever the main loop does.
//!
//! While the main loop computes a window it takes no blocks, so the queue must hold those that come in this time:
//! `rate × seconds of inference / BLOCK`. A real ADC loses blocks that do not fit; the tune waits and counts.

use core::cell::Cell;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use critical_section::Mutex;
use heapless::spsc;
use scenario::Tune;

/// Samples between two interrupts: 11.6 ms.
const BLOCK: usize = 256;
/// Blocks that can wait, and one: 0.74 s in 32 KiB.
const CAPACITY: usize = 64;
/// Clock of the timer on the emulated boards, Hz.
const TIMER_HZ: u64 = 25_000_000;

/// Samples of one interrupt.
pub type Block = [i16; BLOCK];
/// The queue between the interrupt and the main loop.
pub type Queue = spsc::Queue<Block, CAPACITY>;

/// The interrupt's end of the queue, until its first call takes it.
static MICROPHONE: Mutex<Cell<Option<&'static mut Microphone>>> = Mutex::new(Cell::new(None));
/// Number of times that the queue was full.
static DELAYED: Mutex<Cell<u32>> = Mutex::new(Cell::new(0));

/// The interrupt's end.
struct Microphone {
    tune: Tune,
    waiting: Option<Block>,
    queue: spsc::Producer<'static, Block>,
}

/// The main loop's end.
pub struct Samples {
    queue: spsc::Consumer<'static, Block>,
    left: usize,
}

/// Start the timer; `None` if it is not the first call.
pub fn start(mut timer: SYST, queue: &'static mut Queue) -> Option<Samples> {
    let (producer, consumer) = queue.split();
    let microphone = Microphone {
        tune: Tune::new(),
        waiting: None,
        queue: producer,
    };
    let microphone = cortex_m::singleton!(: Microphone = microphone)?;
    critical_section::with(|cs| MICROPHONE.borrow(cs).set(Some(microphone)));
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload((TIMER_HZ * BLOCK as u64 / scenario::RATE_HZ as u64) as u32 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
    Some(Samples {
        queue: consumer,
        left: scenario::SAMPLES / BLOCK,
    })
}

impl Samples {
    /// Return the next block, `None` at the tune's end; sleep until there is one.
    pub fn wait(&mut self) -> Option<Block> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(block) = self.queue.dequeue() {
                return Some(block);
            }
            cortex_m::asm::wfi();
        }
    }

    /// Return the number of interrupts that found the queue full.
    pub fn delayed(&self) -> u32 {
        critical_section::with(|cs| DELAYED.borrow(cs).get())
    }
}

impl Microphone {
    /// Do one interrupt's work; return false if the queue was full.
    fn tick(&mut self) -> bool {
        let tune = &mut self.tune;
        let block = self
            .waiting
            .take()
            .unwrap_or_else(|| core::array::from_fn(|_| tune.sample()));
        self.waiting = self.queue.enqueue(block).err();
        self.waiting.is_none()
    }
}

#[exception]
fn SysTick() {
    static mut OWN: Option<&'static mut Microphone> = None;
    if OWN.is_none() {
        *OWN = critical_section::with(|cs| MICROPHONE.borrow(cs).take());
    }
    if OWN.as_mut().is_some_and(|microphone| !microphone.tick()) {
        critical_section::with(|cs| {
            let delayed = DELAYED.borrow(cs);
            delayed.set(delayed.get().saturating_add(1));
        });
    }
}
