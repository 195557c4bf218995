/* Timbrel for Arduino: a microphone's samples in, lines of text out.
 *
 * The whole C interface is there, too: #include <timbrel.h>. */
#ifndef TIMBREL_MICROPHONE_H
#define TIMBREL_MICROPHONE_H

#if defined(__XTENSA__) || defined(__AVR__)
#error "Timbrel has archives for Arm and RISC-V: ESP32-C3, C6, H2 and P4, but not ESP32, S2 and S3, nor AVR"
#endif

#include "timbrel_compact.h"
#include "timbrel_listen.h"
#include "timbrel_tiny.h"

/* The models: the smaller one, for every core, */
struct TimbrelTiny {
    static const uint8_t *data() { return timbrel_tiny_model; }
    static const size_t BYTES = TIMBREL_TINY_MODEL_BYTES, MEMORY_BYTES = TIMBREL_TINY_MEMORY_BYTES;
};

/* and the one that hears better, for fast cores with an FPU. */
struct TimbrelCompact {
    static const uint8_t *data() { return timbrel_compact_model; }
    static const size_t BYTES = TIMBREL_COMPACT_MODEL_BYTES, MEMORY_BYTES = TIMBREL_COMPACT_MEMORY_BYTES;
};

/* A listener with its memory, to be a global variable. RING_BYTES holds the samples that wait while a window is
 * computed: for 16 kHz and 16 bits, 32 KB are one second. */
template <size_t RING_BYTES = 32 * 1024, typename MODEL = TimbrelTiny> class TimbrelMicrophone
{
public:
    /* Begin, with samples of `bytes` 2 (int16_t) or 4 (int32_t, the sample in its upper bits). `print` gets a line
     * for each window. */
    timbrel_status begin(uint32_t rate, uint32_t bytes, void (*print)(const char *line))
    {
        timbrel_listen_setup setup = {};
        setup.sample_rate = rate;
        setup.sample_bytes = bytes;
        setup.ring = ring;
        setup.ring_bytes = sizeof ring;
        setup.memory = memory;
        setup.memory_bytes = sizeof memory;
        setup.model = MODEL::data();
        setup.model_bytes = MODEL::BYTES;
        setup.print = print;
        return timbrel_listen_begin(&listener, &setup);
    }

    /* Append samples, from an interrupt or another task; returns how many there was room for. */
    size_t put(const int16_t *samples, size_t count) { return timbrel_listen_put(&listener, samples, count); }
    size_t put(const int32_t *samples, size_t count) { return timbrel_listen_put(&listener, samples, count); }

    /* Classify what waits; call it in loop(). */
    timbrel_status run() { return timbrel_listen_run(&listener); }

private:
    timbrel_listener listener;
    alignas(8) uint8_t ring[RING_BYTES];
    alignas(8) uint8_t memory[MODEL::MEMORY_BYTES];
};

#endif
