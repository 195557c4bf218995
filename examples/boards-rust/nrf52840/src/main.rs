//! nRF52840 with a PDM microphone: the PDM peripheral converts to 16 kHz, and its DMA fills two blocks in turn.
#![no_std]
#![no_main]

use cortex_m_rt as _;
use defmt_rtt as _;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_nrf::config::{Config, HfclkSource};
use embassy_nrf::gpio::{Level, Output, OutputDrive};
use embassy_nrf::interrupt::{self, InterruptExt, Priority};
use embassy_nrf::pdm::{self, Frequency, Pdm, Ratio, SamplerState};
use embassy_nrf::{bind_interrupts, peripherals};
use listener::{BLOCK, Blocks, MEMORY_BYTES};
use panic_probe as _;
use static_cell::ConstStaticCell;

/// 1.28 MHz at the microphone, decimated by 80.
const RATE_HZ: u32 = 16_000;

/// 0.51 s.
static BLOCKS: Blocks<32> = Blocks::new();
static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);
static SAMPLING: InterruptExecutor = InterruptExecutor::new();

bind_interrupts!(struct Irqs {
    PDM => pdm::InterruptHandler<peripherals::PDM>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut config = Config::default();
    // the clock of the microphone comes from it
    config.hfclk_source = HfclkSource::ExternalXtal;
    let board = embassy_nrf::init(config);

    // pins of Seeed's XIAO nRF52840 Sense
    let _power = Output::new(board.P1_10, Level::High, OutputDrive::HighDrive);
    let mut config = pdm::Config::default();
    config.frequency = Frequency::_1280k;
    config.ratio = Ratio::Ratio80;
    let pdm = Pdm::new(board.PDM, Irqs, board.P1_00, board.P0_16, config);

    interrupt::PDM.set_priority(Priority::P6);
    interrupt::EGU0_SWI0.set_priority(Priority::P6);
    SAMPLING
        .start(interrupt::EGU0_SWI0)
        .spawn(defmt::unwrap!(sample(pdm)));

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

/// Queue what the DMA has written; this interrupts the main loop.
#[embassy_executor::task]
async fn sample(mut pdm: Pdm<'static>) {
    let mut blocks = [[0; BLOCK]; 2];
    let queue = |block: &[i16; BLOCK]| {
        if !BLOCKS.offer(block) {
            defmt::warn!("a block is lost");
        }
        SamplerState::Sampled
    };
    if pdm.run_task_sampler(&mut blocks, queue).await.is_err() {
        defmt::panic!("the PDM peripheral is in use");
    }
}

#[embassy_nrf::interrupt]
#[allow(unsafe_code, reason = "only the executor's own interrupt may run it")]
unsafe fn EGU0_SWI0() {
    unsafe { SAMPLING.on_interrupt() }
}
