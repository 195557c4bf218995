//! ESP32-C3 or ESP32-C6 with an I2S microphone (INMP441, ICS-43434): the DMA fills a ring of the left channel, from which the
//! main loop takes what there is.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use esp_backtrace as _;
use esp_hal::Async;
use esp_hal::clock::CpuClock;
use esp_hal::dma::DmaRxStreamBuf;
use esp_hal::i2s::master::{Channels, DataFormat, Error, I2s, I2sRx, I2sRxDmaTransfer, TdmConfig};
use esp_hal::time::Rate;
use esp_hal::timer::timg::TimerGroup;
use esp_println as _;
use listener::{MEMORY_BYTES, Microphone};
use static_cell::ConstStaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// The model's own rate, which needs no resampling.
const RATE_HZ: u32 = 22_050;

/// Bytes of the ring of samples of 32 bits, 0.37 s: longer than a window's network.
const RING: usize = 32 * 1024;

/// Bytes of the ring that become free or full at a time.
const PART: usize = 1024;

static MEMORY: ConstStaticCell<[u8; MEMORY_BYTES]> = ConstStaticCell::new([0; MEMORY_BYTES]);

/// One channel, 24 bits at the top of 32.
struct Left {
    /// Always there, except in [`Left::start`].
    transfer: Option<I2sRxDmaTransfer<'static, Async, DmaRxStreamBuf>>,
    samples: [i32; PART / 4],
}

impl Left {
    fn start(
        &mut self,
        receiver: I2sRx<'static, Async>,
        ring: DmaRxStreamBuf,
    ) -> Result<(), Error> {
        self.transfer = Some(receiver.read(ring).map_err(|(error, ..)| error)?);
        Ok(())
    }
}

impl Microphone for Left {
    type Sample = i32;
    type Error = Error;

    async fn next(&mut self) -> Result<Option<&[i32]>, Error> {
        while let Some(transfer) = &mut self.transfer {
            let bytes = transfer.peek();
            if !bytes.is_empty() {
                let count = self.samples.len().min(bytes.len() / 4);
                for (sample, bytes) in self.samples.iter_mut().zip(bytes.as_chunks().0) {
                    *sample = i32::from_le_bytes(*bytes);
                }
                transfer.consume(4 * count);
                return Ok(Some(&self.samples[..count]));
            }
            if transfer.wait_for_available_async().await.is_err() {
                // the ring was full, and the DMA has stopped
                defmt::warn!("samples are lost");
                if let Some(transfer) = self.transfer.take() {
                    let (receiver, ring) = transfer.stop();
                    self.start(receiver, ring)?;
                }
            }
        }
        Ok(None)
    }
}

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let board = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    esp_rtos::start(TimerGroup::new(board.TIMG0).timer0, board.FROM_CPU_INTR0);

    let config = TdmConfig::new_tdm_philips()
        .with_sample_rate(Rate::from_hz(RATE_HZ))
        .with_data_format(DataFormat::Data32Channel32)
        .with_channels(Channels::LEFT);
    let i2s = defmt::unwrap!(I2s::new(board.I2S0, board.DMA_CH0, config)).into_async();
    let receiver = i2s
        .i2s_rx
        .with_bclk(board.GPIO4)
        .with_ws(board.GPIO5)
        .with_din(board.GPIO6)
        .build();
    let mut microphone = Left {
        transfer: None,
        samples: [0; PART / 4],
    };
    defmt::unwrap!(microphone.start(receiver, esp_hal::dma_rx_stream_buffer!(RING, PART)));

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
