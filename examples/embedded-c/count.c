/* Measures the library on an emulated core: marks what ../cortex-m/qemu/icount.c counts, and prints `count NAME` before
 * each mark and `value NAME NUMBER` for what it finds itself. counts.sh joins both. */
#include <stdio.h>
#include <stdlib.h>

#include "timbrel.h"
#include "timbrel_compact.h"
#include "tune.h"

#ifdef __riscv
#define MARK_START ".4byte 0x00a02013"
#define MARK_STOP ".4byte 0x00b02013"
#else
#define MARK_START "mov r10, r10"
#define MARK_STOP "mov r11, r11"
#endif
#define COUNT(name, call) \
    do { \
        puts("count " name); \
        __asm__ volatile(MARK_START ::: "memory"); \
        call; \
        __asm__ volatile(MARK_STOP ::: "memory"); \
    } while (0)

/* more than from window to window at 48 kHz */
enum { SAMPLES = 96000, STACK_WORDS = 4608 };
#define UNUSED 0x5a5a5a5au

static uint8_t memory[TIMBREL_COMPACT_MEMORY_BYTES];
static timbrel_classifier *classifier;
static int16_t samples[SAMPLES];

static void check(timbrel_status status)
{
    if (status != TIMBREL_OK)
        puts(timbrel_status_message(status)), exit(1);
}

static void make(uint32_t rate)
{
    timbrel_config config = {sizeof config, rate, 1};
    check(timbrel_classifier_init(memory, sizeof memory, timbrel_compact_model, TIMBREL_COMPACT_MODEL_BYTES, &config,
                                  &classifier));
}

/* The words below the caller's frame, which what it calls next will use. */
__attribute__((noinline)) static volatile uint32_t *below(void)
{
    return (volatile uint32_t *)__builtin_frame_address(0) - STACK_WORDS;
}

/* Return the bytes of stack that making a classifier takes. */
static unsigned stack_of_make(void)
{
    volatile uint32_t *stack = below();
    int i;
    for (i = 0; i < STACK_WORDS - 16; i++)
        stack[i] = UNUSED;
    make(TIMBREL_COMPACT_SAMPLE_RATE);
    for (i = 0; i < STACK_WORDS && stack[i] == UNUSED; i++) {
    }
    return (unsigned)(STACK_WORDS - i) * sizeof *stack;
}

/* Return the samples of the tune that a push takes up to the end of a window. */
static size_t push(size_t count)
{
    size_t consumed;
    check(timbrel_classifier_push_i16(classifier, samples, count, &consumed, NULL));
    return consumed;
}

/* Make a classifier that has just completed a window, and return the samples up to the next. */
static size_t at_window(uint32_t rate)
{
    make(rate);
    /* the first window is longer than the array */
    for (uint8_t window = 0; !window;) {
        size_t consumed;
        check(timbrel_classifier_push_i16(classifier, samples, SAMPLES, &consumed, &window));
    }
    return push(SAMPLES);
}

int main(void)
{
    size_t bytes;
    tune music = TUNE_BEGIN;
    for (size_t i = 0; i < SAMPLES; i++)
        samples[i] = tune_sample(&music);
    COUNT("nothing", (void)0);
    COUNT("parse", check(timbrel_required_bytes(timbrel_compact_model, TIMBREL_COMPACT_MODEL_BYTES, &bytes)));
    printf("value bytes %u\n", (unsigned)bytes);
    COUNT("make", make(TIMBREL_COMPACT_SAMPLE_RATE));
    printf("value stack %u\n", stack_of_make());

    /* all but a window's last sample, and the last, which brings the last column and the network */
    size_t period = at_window(TIMBREL_COMPACT_SAMPLE_RATE), last = 1;
    printf("value period %u\n", (unsigned)period);
    COUNT("columns", push(period - 1));
    COUNT("window", last = push(last));
    static const struct {
        uint32_t rate;
        const char *name;
    } others[] = {{16000, "16000"}, {44100, "44100"}, {48000, "48000"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        at_window(others[i].rate);
        printf("rate %s\n", others[i].name);
        COUNT("period", period = push(SAMPLES));
        printf("value period %u\n", (unsigned)period);
    }
    return 0;
}
