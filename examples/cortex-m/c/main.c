/* Music genre on a Cortex-M in C: samples come from a timer interrupt as from an ADC, the main loop classifies
 * them and prints by semihosting. No C library, no heap: the classifier lives in a static array. */
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "timbrel.h"
#include "tune.h"

enum {
    BLOCK = 256,                                      /* samples of an interrupt: 11.6 ms */
    BLOCKS = 64,                                      /* that can wait while a window is computed: 0.74 s */
    CYCLES = 25000000ll * BLOCK / TUNE_RATE_HZ,       /* from interrupt to interrupt */
    MEMORY_BYTES = 88 * 1024,                         /* timbrel_required_bytes() of the shipped model, and a little */
    GENRES = 10
};

extern const uint8_t model[], model_end[];

static uint8_t memory[MEMORY_BYTES];

/* One writer, the interrupt, and one reader, the main loop: each index is written by only one of them. */
static int16_t queue[BLOCKS][BLOCK];
static volatile uint32_t written, read;

/* The ADC's side. A real ADC loses samples that do not fit; the tune waits. */
void on_timer(void)
{
    static tune music = TUNE_BEGIN;
    if (written - read == BLOCKS)
        return;
    for (int i = 0; i < BLOCK; i++)
        queue[written % BLOCKS][i] = tune_sample(&music);
    __asm__ volatile("dmb" ::: "memory");
    written++;
}

static _Noreturn void fail(timbrel_status status)
{
    print(timbrel_status_message(status));
    print("\n");
    board_exit(1);
}

static void check(timbrel_status status)
{
    if (status != TIMBREL_OK)
        fail(status);
}

/* The line that the desktop prints, too. */
static void report(const char *what, const timbrel_classifier *classifier)
{
    timbrel_result result = {.struct_size = sizeof result};
    int32_t logits[GENRES];
    char label[128];
    check(timbrel_classifier_result(classifier, &result, NULL, 0));
    check(timbrel_classifier_logits(classifier, logits, GENRES));
    check(timbrel_label(classifier, result.class_index, label, sizeof label));
    print(what);
    print(" ");
    print_number(result.windows);
    print(": ");
    print(label);
    print(" ");
    print_number((uint32_t)(100.0f * result.confidence));
    print(" %, logits");
    for (uint32_t i = 0; i < result.class_count; i++) {
        print(logits[i] < 0 ? " -" : " ");
        print_number(logits[i] < 0 ? 0u - (uint32_t)logits[i] : (uint32_t)logits[i]);
    }
    print("\n");
}

static void classify(timbrel_classifier *classifier, const int16_t *samples, size_t count)
{
    while (count > 0) {
        size_t consumed;
        uint8_t window;
        check(timbrel_classifier_push_i16(classifier, samples, count, &consumed, &window));
        samples += consumed;
        count -= consumed;
        if (window)
            report("window", classifier);
    }
}

int main(void)
{
    const timbrel_config config = {sizeof config, TUNE_RATE_HZ, 1};
    timbrel_classifier *classifier;
    check(timbrel_classifier_init(memory, sizeof memory, model, (size_t)(model_end - model), &config, &classifier));
    board_start_timer(CYCLES);
    for (uint32_t blocks = 0; blocks < TUNE_SAMPLES / BLOCK; blocks++) {
        while (read == written)
            board_wait();
        classify(classifier, queue[read % BLOCKS], BLOCK);
        __asm__ volatile("dmb" ::: "memory");
        read++;
    }
    check(timbrel_classifier_finish(classifier));
    report("all", classifier);
    return 0;
}
