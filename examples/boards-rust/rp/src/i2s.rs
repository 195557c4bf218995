//! I2S by a PIO state machine, which makes the clocks and reads the left channel; 24 bits at the top of 32.

use embassy_rp::Peri;
use embassy_rp::dma;
use embassy_rp::pio::program::pio_asm;
use embassy_rp::pio::{
    Common, Config, Direction, FifoJoin, Instance, PioPin, ShiftConfig, ShiftDirection,
    StateMachine,
};
use embassy_rp::pio_programs::clock_divider::calculate_pio_clock_divider;

/// Clocks per frame; the program takes two cycles for each.
const FRAME: u32 = 64;

/// A microphone's left channel.
pub struct Left<P: Instance + 'static> {
    machine: StateMachine<'static, P, 0>,
    channel: dma::Channel<'static>,
}

impl<P: Instance> Left<P> {
    /// Start to receive. The pin of the word select follows that of the bit clock.
    pub fn new(
        common: &mut Common<'static, P>,
        mut machine: StateMachine<'static, P, 0>,
        channel: dma::Channel<'static>,
        data: Peri<'static, impl PioPin>,
        bit_clock: Peri<'static, impl PioPin>,
        word_select: Peri<'static, impl PioPin>,
        rate_hz: u32,
    ) -> Self {
        // A bit is read as its clock rises. The word select changes one clock before a channel's first bit.
        let program = pio_asm!(
            ".side_set 2",
            ".wrap_target",
            "    set x, 29       side 0b00",
            "left:",
            "    in pins, 1      side 0b01",
            "    jmp x--, left   side 0b00",
            "    in pins, 1      side 0b01",
            "    nop             side 0b10",
            "    in pins, 1      side 0b11",
            "    set x, 29       side 0b10",
            "right:",
            "    nop             side 0b11",
            "    jmp x--, right  side 0b10",
            "    nop             side 0b11",
            "    nop             side 0b00",
            "    nop             side 0b01",
            ".wrap",
        );
        let program = common.load_program(&program.program);
        let data = common.make_pio_pin(data);
        let bit_clock = common.make_pio_pin(bit_clock);
        let word_select = common.make_pio_pin(word_select);

        let mut config = Config::default();
        config.use_program(&program, &[&bit_clock, &word_select]);
        config.set_in_pins(&[&data]);
        config.clock_divider = calculate_pio_clock_divider(2 * FRAME * rate_hz);
        config.shift_in = ShiftConfig {
            threshold: 32,
            direction: ShiftDirection::Left,
            auto_fill: true,
        };
        // eight samples wait while one transfer follows another
        config.fifo_join = FifoJoin::RxOnly;
        machine.set_config(&config);
        machine.set_pin_dirs(Direction::In, &[&data]);
        machine.set_pin_dirs(Direction::Out, &[&bit_clock, &word_select]);
        machine.set_enable(true);
        Self { machine, channel }
    }

    /// Receive samples until a buffer is full.
    pub async fn read(&mut self, samples: &mut [u32]) {
        let fifo = self.machine.rx();
        fifo.dma_pull(&mut self.channel, samples, false).await;
    }
}
