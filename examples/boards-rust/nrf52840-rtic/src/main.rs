//! nRF52840 with a PDM microphone, as RTIC tasks: one of higher priority queues the samples, the other one is the main loop.
#![no_std]
#![no_main]

use defmt_rtt as _;
use panic_probe as _;

#[rtic::app(device = embassy_nrf, peripherals = false, dispatchers = [EGU0_SWI0, EGU1_SWI1])]
mod app {
    use embassy_nrf::config::{Config, HfclkSource};
    use embassy_nrf::gpio::{Level, Output, OutputDrive};
    use embassy_nrf::pdm::{self, Frequency, Pdm, Ratio, SamplerState};
    use embassy_nrf::{bind_interrupts, peripherals};
    use listener::{BLOCK, Blocks, MEMORY_BYTES};

    /// 1.28 MHz at the microphone, decimated by 80.
    const RATE_HZ: u32 = 16_000;

    /// 0.51 s.
    static BLOCKS: Blocks<32> = Blocks::new();

    bind_interrupts!(struct Irqs {
        PDM => pdm::InterruptHandler<peripherals::PDM>;
    });

    #[shared]
    struct Shared {}

    #[local]
    struct Local {
        _power: Output<'static>,
    }

    #[init(local = [memory: [u8; MEMORY_BYTES] = [0; MEMORY_BYTES]])]
    fn init(context: init::Context) -> (Shared, Local) {
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

        if sample::spawn(pdm).is_err() || hear::spawn(context.local.memory).is_err() {
            defmt::panic!("a task runs already");
        }
        (Shared {}, Local { _power })
    }

    /// Queue what the DMA has written.
    #[task(priority = 2)]
    async fn sample(_: sample::Context, mut pdm: Pdm<'static>) {
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

    /// Classify the queued samples.
    #[task(priority = 1)]
    async fn hear(_: hear::Context, memory: &'static mut [u8; MEMORY_BYTES]) {
        let mut classifier = defmt::unwrap!(listener::classifier(RATE_HZ, memory));
        let stopped = listener::listen(
            &mut BLOCKS.microphone(),
            listener::gate(RATE_HZ),
            &mut classifier,
            listener::log,
        )
        .await;
        defmt::unwrap!(stopped);
    }
}
