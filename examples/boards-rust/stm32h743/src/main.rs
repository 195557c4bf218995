//! STM32H743 with an I2S microphone (INMP441, ICS-43434) at its SAI: the DMA fills a ring of the left channel, from which the
//! main loop takes blocks.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;

use cortex_m_rt as _;
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_stm32::peripherals::{DMA1_CH0, SAI1};
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Hse, HseMode, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk,
    VoltageScale, mux,
};
use embassy_stm32::sai::{
    self, BitOrder, ClockStrobe, DataSize, Error, FifoThreshold, MasterClockDivider, Sai, SlotSize,
    TxRx, word,
};
use embassy_stm32::time::Hertz;
use embassy_stm32::{Config, bind_interrupts, dma};
use listener::{BLOCK, MEMORY_BYTES, Microphone};
use panic_probe as _;
use static_cell::ConstStaticCell;

/// The model's own rate, which needs no resampling.
const RATE_HZ: u32 = 22_050;

/// Samples of the ring, 0.37 s: half of them last longer than a window's network, as the driver wakes the main loop by halves.
const RING: usize = 8192;

#[allow(unsafe_code, reason = "a section of memory.x that holds nothing else")]
#[unsafe(link_section = ".axi")]
static mut SAMPLES: MaybeUninit<[u32; RING]> = MaybeUninit::uninit();
static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);

bind_interrupts!(struct Irqs {
    DMA1_STREAM0 => dma::InterruptHandler<DMA1_CH0>;
});

/// One channel, 24 bits at the top of 32.
struct Left {
    sai: Sai<'static, SAI1, u32>,
    words: [u32; BLOCK],
    samples: [i32; BLOCK],
}

impl Microphone for Left {
    type Sample = i32;
    type Error = Error;

    async fn next(&mut self) -> Result<Option<&[i32]>, Error> {
        loop {
            match self.sai.read(&mut self.words).await {
                Ok(()) => break,
                // the ring starts anew
                Err(Error::Overrun) => defmt::warn!("samples are lost"),
                Err(error) => return Err(error),
            }
        }
        self.samples = self.words.map(u32::cast_signed);
        Ok(Some(&self.samples))
    }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = embassy_stm32::init(clocks());
    if let Some(mut core) = cortex_m::Peripherals::take() {
        // not the data cache: the DMA writes past it
        core.SCB.enable_icache();
    }

    #[allow(unsafe_code, reason = "only here, and main runs once")]
    let ring = unsafe { (*&raw mut SAMPLES).write([0; RING]) };
    let (block, _) = sai::split_subblocks(board.SAI1);
    let mut sai = Sai::new_asynchronous(
        block,
        board.PE5,
        board.PE6,
        board.PE4,
        board.DMA1_CH0,
        ring,
        Irqs,
        i2s(),
    );
    defmt::unwrap!(sai.start());
    let mut microphone = Left {
        sai,
        words: [0; BLOCK],
        samples: [0; BLOCK],
    };

    let mut classifier = defmt::unwrap!(listener::classifier(RATE_HZ, MEMORY.take()));
    let stopped = listener::listen(
        &mut microphone,
        listener::gate(RATE_HZ),
        &mut classifier,
        listener::log,
    )
    .await;
    defmt::unwrap!(stopped);
}

/// I2S as the master, which receives the left one of two slots of 32 bits.
fn i2s() -> sai::Config {
    let mut config = sai::Config::default();
    config.tx_rx = TxRx::Receiver;
    config.data_size = DataSize::Data32;
    config.slot_size = SlotSize::Channel32;
    config.slot_enable = 0b01;
    config.frame_length = 64;
    config.frame_sync_active_level_length = word::U7(32);
    config.bit_order = BitOrder::MsbFirst;
    config.clock_strobe = ClockStrobe::Rising;
    config.fifo_threshold = FifoThreshold::Quarter;
    // the bit clock is the SAI's clock / 30
    config.nodiv = true;
    config.master_clock_divider = MasterClockDivider::DIV30;
    config
}

/// 400 MHz from the 8 MHz that a Nucleo's debugger provides, and 42.33 MHz for the SAI, which are 22,049 Hz × 64 × 30.
fn clocks() -> Config {
    let mut config = Config::default();
    config.rcc.hse = Some(Hse {
        freq: Hertz::mhz(8),
        mode: HseMode::Bypass,
    });
    let pll = Pll {
        source: PllSource::HSE,
        prediv: PllPreDiv::DIV4,
        mul: PllMul::MUL400,
        fracn: None,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    };
    config.rcc.pll1 = Some(pll);
    config.rcc.pll3 = Some(Pll {
        mul: PllMul::MUL254,
        divp: Some(PllDiv::DIV12),
        ..pll
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.mux.sai1sel = mux::Saisel::PLL3_P;
    config.rcc.ahb_pre = AHBPrescaler::DIV2;
    config.rcc.apb1_pre = APBPrescaler::DIV2;
    config.rcc.apb2_pre = APBPrescaler::DIV2;
    config.rcc.apb3_pre = APBPrescaler::DIV2;
    config.rcc.apb4_pre = APBPrescaler::DIV2;
    config.rcc.voltage_scale = VoltageScale::Scale1;
    config
}
