//! Sequences of C calls in any order: NULL, misaligned pointers, wrong sizes and counts among them, as long as what a
//! caller vouches for is true. Nothing may crash, and outputs of failed calls stay untouched.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::ffi::CStr;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use timbrel::timbrel_status::TIMBREL_OK;
use timbrel::*;

/// Content of a byte that is never written.
const UNTOUCHED: u64 = 0xA5A5_A5A5_A5A5_A5A5;

fn model() -> &'static [u8] {
    static MODEL: OnceLock<Vec<u8>> = OnceLock::new();
    MODEL.get_or_init(|| common::random_model(12).to_bytes().unwrap())
}

/// A live classifier, and memory of the caller that one may live in.
struct Session {
    classifier: *mut timbrel_classifier,
    in_memory: bool,
    memory: Box<[u8]>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.free();
    }
}

impl Session {
    fn free(&mut self) {
        // SAFETY: NULL, or live and not used again
        unsafe { timbrel_classifier_free(self.classifier) };
        self.classifier = null_mut();
        self.in_memory = false;
    }

    /// Make a classifier in one of the ways, with arguments that may be wrong.
    fn make(&mut self, way: u8, wrong: u8) {
        let rates = [22_050, 44_100, 8_000, 96_000, 12_345, 0, u32::MAX];
        let config = timbrel_config {
            struct_size: if wrong == 7 {
                u32::from(way)
            } else {
                size_of::<timbrel_config>() as u32
            },
            sample_rate: rates[usize::from(wrong) % rates.len()],
            channels: u32::from(way / 8 % 10),
        };
        let config: *const timbrel_config = if wrong == 9 { null() } else { &config };
        let len = if wrong == 11 {
            usize::from(way)
        } else {
            model().len()
        };
        let bytes = model().as_ptr();
        let mut made = null_mut();
        // SAFETY: what is not NULL is there, and lives as long as the classifier
        let status = unsafe {
            match way % 3 {
                0 => timbrel_classifier_new(bytes, len, config, &mut made),
                1 => timbrel_classifier_new_borrowed(bytes, len, config, &mut made),
                // a failed call leaves a classifier that lives there alone; a successful one ends it
                _ => {
                    let room = self.memory.len() - usize::from(wrong);
                    timbrel_classifier_init(
                        self.memory.as_mut_ptr(),
                        room,
                        bytes,
                        len,
                        config,
                        &mut made,
                    )
                }
            }
        };
        assert_eq!(status == TIMBREL_OK, !made.is_null());
        if status == TIMBREL_OK {
            if !(way % 3 == 2 && self.in_memory) {
                self.free();
            }
            self.classifier = made;
            self.in_memory = way % 3 == 2;
        }
    }

    fn push(&mut self, kind: u8, samples: &[u8]) {
        let mut consumed = usize::MAX;
        let mut window = 9;
        let count = match kind / 8 {
            30 => usize::MAX,
            31 => isize::MAX as usize,
            _ => samples.len() / 4,
        };
        let misaligned = usize::from(kind / 8 == 29 && samples.len() > 4);
        let mut aligned = vec![0_u32; samples.len() / 4 + 1];
        for (value, four) in aligned.iter_mut().zip(samples.as_chunks().0) {
            *value = u32::from_le_bytes(*four);
        }
        // SAFETY: `count` values are there, or more than can be
        let status = unsafe {
            let at = aligned.as_ptr().byte_add(misaligned);
            let window = if kind / 4 % 2 == 0 {
                &raw mut window
            } else {
                null_mut()
            };
            let (classifier, consumed) = (self.classifier, &mut consumed);
            match kind % 4 {
                0 | 1 => {
                    timbrel_classifier_push_f32(classifier, at.cast(), count, consumed, window)
                }
                2 => timbrel_classifier_push_i16(classifier, at.cast(), count, consumed, window),
                _ => timbrel_classifier_push_i32(classifier, at.cast(), count, consumed, window),
            }
        };
        if status == TIMBREL_OK {
            assert!(consumed <= count);
        } else if count > 1 << 40 || misaligned > 0 || self.classifier.is_null() {
            assert_eq!(consumed, usize::MAX);
        }
    }

    fn ask(&mut self, what: u8, size: u8) {
        let (mut answer, len) = ([UNTOUCHED; 128], usize::from(size));
        let room: *mut u64 = if what / 8 == 7 {
            null_mut()
        } else {
            answer.as_mut_ptr()
        };
        let mut needed = 0;
        // SAFETY: 1,024 bytes are there, of which at most 255 · 4 are offered; a struct states that it has 512
        let status = unsafe {
            match what % 8 {
                0 => timbrel_classifier_finish(self.classifier),
                1 => timbrel_classifier_reset(self.classifier),
                2 => {
                    let mut result = [0_u32; 128];
                    result[0] = 512;
                    timbrel_classifier_result(
                        self.classifier,
                        result.as_mut_ptr().cast(),
                        room.cast(),
                        len,
                    )
                }
                3 if what / 8 % 2 == 1 => {
                    let mut state = timbrel_state::TIMBREL_STATE_UNSURE;
                    timbrel_classifier_window(self.classifier, &mut state, room.cast(), len)
                }
                3 => timbrel_classifier_logits(self.classifier, room.cast(), len),
                4 => timbrel_label(self.classifier, u32::from(what / 8), room.cast(), len),
                5 => timbrel_classifier_embedding(self.classifier, room.cast(), len, &mut needed),
                6 => timbrel_model_info(
                    model().as_ptr(),
                    model().len() - usize::from(size == 1),
                    room.cast(),
                ),
                _ => timbrel_required_bytes(model().as_ptr(), len, room.cast()),
            }
        };
        if status != TIMBREL_OK {
            assert!(answer == [UNTOUCHED; 128], "{status:?}");
        }
        // SAFETY: never NULL, and each ends with a zero
        unsafe {
            CStr::from_ptr(timbrel_last_error()).to_str().unwrap();
            CStr::from_ptr(timbrel_status_message(status as i32))
                .to_str()
                .unwrap();
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut session = Session {
        classifier: null_mut(),
        in_memory: false,
        memory: vec![0x5A; 1 << 17].into(),
    };
    let mut rest = bytes;
    while let [call, argument, after @ ..] = rest {
        rest = after;
        match call % 4 {
            0 => session.make(call / 4, *argument),
            1 => {
                let (samples, after) = rest.split_at(rest.len().min(usize::from(*argument) * 16));
                session.push(call / 4 * 4 + argument % 4, samples);
                rest = after;
            }
            2 if *argument == 0 => session.free(),
            _ => session.ask(call / 4, *argument),
        }
    }
});
