//! Text to the debugger by semihosting, without `core::fmt`, which would bring panics along.

use cortex_m_semihosting::debug;
use cortex_m_semihosting::hio::{self, HostStream};

/// The host's standard output; without a debugger nothing is printed.
pub struct Console(Option<HostStream>);

impl Console {
    /// Ask the debugger for its output.
    pub fn open() -> Self {
        Self(hio::hstdout().ok())
    }

    /// Print text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Print a number in decimal.
    pub fn number(&mut self, mut number: u32) {
        let mut digits = [b'0'; 10];
        let mut from = digits.len();
        for (index, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            from = index;
            if number == 0 {
                break;
            }
        }
        self.bytes(digits.get(from..).unwrap_or_default());
    }

    /// Print a number that depends on this machine, so that others need not agree with it.
    pub fn note(&mut self, what: &str, number: u32) {
        self.text("# ");
        self.text(what);
        self.text(": ");
        self.number(number);
        self.text("\n");
    }

    /// End the program.
    pub fn exit(&mut self) -> ! {
        debug::exit(debug::EXIT_SUCCESS);
        halt()
    }

    /// End the program with an error.
    pub fn fail(&mut self, why: &str) -> ! {
        self.text(why);
        self.text("\n");
        debug::exit(debug::EXIT_FAILURE);
        halt()
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.0 {
            // nobody is listening
            let _ = stream.write_all(bytes);
        }
    }
}

/// Stop for good, after the program is over.
pub fn halt() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

/// Stop; the linker finds no caller of this, which `run.sh` checks.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    debug::exit(debug::EXIT_FAILURE);
    halt()
}
