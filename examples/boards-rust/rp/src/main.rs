//! RP2040 or RP2350 with an I2S microphone (INMP441, ICS-43434) at a PIO: a task of higher priority queues what the DMA has
//! written.
#![no_std]
#![no_main]

mod i2s;

use cortex_m_rt as _;
use defmt_rtt as _;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_rp::config::Config;
use embassy_rp::interrupt::{self, InterruptExt, Priority};
use embassy_rp::peripherals::{DMA_CH0, PIO0};
use embassy_rp::pio::{self, Pio};
use embassy_rp::{bind_interrupts, dma};
use i2s::Left;
use listener::{BLOCK, Blocks, MEMORY_BYTES};
use panic_probe as _;
use static_cell::ConstStaticCell;

/// The model's own rate, which needs no resampling.
const RATE_HZ: u32 = 22_050;

/// 0.74 s.
static BLOCKS: Blocks<64> = Blocks::new();
static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);
static SAMPLING: InterruptExecutor = InterruptExecutor::new();

bind_interrupts!(struct Irqs {
    PIO0_IRQ_0 => pio::InterruptHandler<PIO0>;
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = embassy_rp::init(config());
    let Pio {
        mut common, sm0, ..
    } = Pio::new(board.PIO0, Irqs);
    let microphone = Left::new(
        &mut common,
        sm0,
        dma::Channel::new(board.DMA_CH0, Irqs),
        board.PIN_2,
        board.PIN_3,
        board.PIN_4,
        RATE_HZ,
    );

    interrupt::SWI_IRQ_0.set_priority(Priority::P3);
    SAMPLING
        .start(interrupt::SWI_IRQ_0)
        .spawn(defmt::unwrap!(sample(microphone)));

    let mut classifier = defmt::unwrap!(listener::classifier(RATE_HZ, MEMORY.take()));
    let stopped = listener::listen(
        &mut BLOCKS.microphone(),
        listener::gate(RATE_HZ),
        &mut classifier,
        listener::log,
    )
    .await;
    defmt::unwrap!(stopped);
}

/// The highest clock that Raspberry Pi specifies: an RP2040 computes floating point in software.
#[cfg(feature = "rp2040")]
fn config() -> Config {
    use embassy_rp::clocks::ClockConfig;
    let Ok(clocks) = ClockConfig::system_freq(200_000_000) else {
        defmt::panic!("no such clock");
    };
    Config::new(clocks)
}

/// 150 MHz.
#[cfg(feature = "rp2350")]
fn config() -> Config {
    Config::default()
}

/// Queue the upper 16 bits of what the DMA has written; this interrupts the main loop.
#[embassy_executor::task]
async fn sample(mut microphone: Left<PIO0>) {
    let mut words = [0; BLOCK];
    loop {
        microphone.read(&mut words).await;
        if !BLOCKS.offer(&words.map(|word| (word >> 16) as i16)) {
            defmt::warn!("a block is lost");
        }
    }
}

#[embassy_rp::interrupt]
#[allow(unsafe_code, reason = "only the executor's own interrupt may run it")]
unsafe fn SWI_IRQ_0() {
    unsafe { SAMPLING.on_interrupt() }
}
