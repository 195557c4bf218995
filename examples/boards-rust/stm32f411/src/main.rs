//! STM32F411 with an I2S microphone (INMP441, ICS-43434) at SPI2: the DMA fills a ring, from which the main loop takes the
//! left channel.
#![no_std]
#![no_main]

use cortex_m_rt as _;
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_stm32::i2s::{Config as I2sConfig, Error, Format, I2S};
use embassy_stm32::rcc::{
    APBPrescaler, Hse, HseMode, Pll, PllMul, PllPDiv, PllPreDiv, PllRDiv, PllSource, Sysclk,
};
use embassy_stm32::time::Hertz;
use embassy_stm32::{Config, bind_interrupts, dma, peripherals};
use listener::{BLOCK, MEMORY_BYTES, Microphone};
use panic_probe as _;
use static_cell::ConstStaticCell;

/// The model's own rate, which needs no resampling.
const RATE_HZ: u32 = 22_050;

/// Frames of the ring, 0.37 s: half of them last longer than a window's network, as the driver wakes the main loop by halves.
const RING: usize = 8192;

static FRAMES: ConstStaticCell<[u16; 2 * RING]> = ConstStaticCell::new([0; 2 * RING]);
static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);

bind_interrupts!(struct Irqs {
    DMA1_STREAM3 => dma::InterruptHandler<peripherals::DMA1_CH3>;
});

/// The left of two channels, its upper 16 bits.
struct Left {
    i2s: I2S<'static, u16>,
    frames: [u16; 2 * BLOCK],
    samples: [i16; BLOCK],
}

impl Microphone for Left {
    type Sample = i16;
    type Error = Error;

    async fn next(&mut self) -> Result<Option<&[i16]>, Error> {
        loop {
            match self.i2s.read(&mut self.frames).await {
                Ok(()) => break,
                // the ring starts anew
                Err(Error::Overrun) => defmt::warn!("samples are lost"),
                Err(error) => return Err(error),
            }
        }
        for (sample, frame) in self.samples.iter_mut().zip(self.frames.chunks_exact(2)) {
            *sample = frame[0].cast_signed();
        }
        Ok(Some(&self.samples))
    }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = embassy_stm32::init(clocks());

    let mut config = I2sConfig::default();
    config.frequency = Hertz(RATE_HZ);
    // an I2S microphone needs 64 clocks per frame
    config.format = Format::Data16Channel32;
    config.master_clock = false;
    let mut i2s = I2S::new_rxonly_nomck(
        board.SPI2,
        board.PB15,
        board.PB12,
        board.PB13,
        board.DMA1_CH3,
        FRAMES.take(),
        Irqs,
        config,
    );
    i2s.start();
    let mut microphone = Left {
        i2s,
        frames: [0; 2 * BLOCK],
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

/// 96 MHz from a crystal of 25 MHz, and 151 MHz for I2S, which are 22,050.2 Hz × 64 × 107.
fn clocks() -> Config {
    let mut config = Config::default();
    config.rcc.hse = Some(Hse {
        freq: Hertz::mhz(25),
        mode: HseMode::Oscillator,
    });
    config.rcc.pll_src = PllSource::HSE;
    config.rcc.pll = Some(Pll {
        prediv: PllPreDiv::DIV25,
        mul: PllMul::MUL192,
        divp: Some(PllPDiv::DIV2),
        divq: None,
        divr: None,
    });
    config.rcc.plli2s = Some(Pll {
        prediv: PllPreDiv::DIV25,
        mul: PllMul::MUL302,
        divp: None,
        divq: None,
        divr: Some(PllRDiv::DIV2),
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.apb1_pre = APBPrescaler::DIV2;
    config
}
