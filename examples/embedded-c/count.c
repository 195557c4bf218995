/* Measures the library on an emulated core: marks what ../cortex-m/qemu/icount.c counts, and prints `count NAME` before
 * each mark and `value NAME NUMBER` for what it finds itself. counts.sh joins both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* more than from window to window at 48 kHz, and at the model's rate */
enum { SAMPLES = 96000, WIDE = 36000, STACK_WORDS = 4608, BLOCK = 256, GATE_BLOCK = 1024, PDM_BYTES = 1536 };
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

/* Return the bytes of stack that some work takes. */
static unsigned stack_of(void (*work)(void))
{
    volatile uint32_t *stack = below();
    int i;
    for (i = 0; i < STACK_WORDS - 16; i++)
        stack[i] = UNUSED;
    work();
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

static void make_one(void)
{
    make(TIMBREL_COMPACT_SAMPLE_RATE);
}

static void push_window(void)
{
    push(SAMPLES);
}

/* Push the same samples as an I2S microphone gives them. */
static void push_i32(const int32_t *wide, size_t count)
{
    size_t consumed;
    check(timbrel_classifier_push_i32(classifier, wide, count, &consumed, NULL));
}

/* Make a classifier that has just completed a window. */
static void at_window(uint32_t rate)
{
    make(rate);
    /* the first window is longer than the array */
    for (uint8_t window = 0; !window;) {
        size_t consumed;
        check(timbrel_classifier_push_i16(classifier, samples, SAMPLES, &consumed, &window));
    }
}

/* Count the conversion of a block of a PDM microphone's bits. */
static void count_pdm(const char *name, uint32_t clock_hz, uint32_t rate_hz)
{
    static timbrel_pdm pdm;
    size_t consumed, produced;
    static int16_t out[BLOCK];
    const uint8_t *bits = (const uint8_t *)samples;
    check(timbrel_pdm_init(&pdm, clock_hz, rate_hz, 1, 0));
    printf("rate %s\n", name);
    COUNT("pdm", check(timbrel_pdm_process(&pdm, bits, PDM_BYTES, &consumed, out, BLOCK, &produced)));
    printf("value pdm %u\n", (unsigned)produced);
}

/* Count a gate's block, with the decision at its end, and what silence costs without a gate. */
static void count_silence(void)
{
    static timbrel_gate gate;
    uint8_t open;
    check(timbrel_gate_init(&gate, TIMBREL_COMPACT_SAMPLE_RATE, NULL));
    COUNT("gate", check(timbrel_gate_push_i16(&gate, samples, GATE_BLOCK, &open)));
    printf("value gate-samples %u\n", GATE_BLOCK);
    memset(samples, 0, sizeof samples);
    at_window(TIMBREL_COMPACT_SAMPLE_RATE);
    COUNT("silence", push(SAMPLES));
}

int main(void)
{
    size_t bytes;
    tune music = TUNE_BEGIN;
    for (size_t i = 0; i < SAMPLES; i++)
        samples[i] = tune_sample(&music);
    printf("value model-rate %u\n", (unsigned)TIMBREL_COMPACT_SAMPLE_RATE);
    COUNT("nothing", (void)0);
    COUNT("parse", check(timbrel_required_bytes(timbrel_compact_model, TIMBREL_COMPACT_MODEL_BYTES, &bytes)));
    printf("value bytes %u\n", (unsigned)bytes);
    COUNT("make", make(TIMBREL_COMPACT_SAMPLE_RATE));
    printf("value stack %u\n", stack_of(make_one));

    /* all but a window's last sample, and the last, which brings the last column and the network */
    at_window(TIMBREL_COMPACT_SAMPLE_RATE);
    size_t period = push(SAMPLES), last = 1;
    printf("value period %u\n", (unsigned)period);
    printf("value stack-push %u\n", stack_of(push_window));
    COUNT("columns", push(period - 1));
    COUNT("window", last = push(last));
    static int32_t wide[WIDE];
    for (size_t i = 0; i < WIDE; i++)
        wide[i] = (int32_t)samples[i] * 65536;
    COUNT("i32", push_i32(wide, period));
    static const struct {
        uint32_t rate;
        const char *name;
    } others[] = {{16000, "16000"}, {22050, "22050"}, {44100, "44100"}, {48000, "48000"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        at_window(others[i].rate);
        printf("rate %s\n", others[i].name);
        COUNT("period", period = push(SAMPLES));
        printf("value period %u\n", (unsigned)period);
    }
    count_pdm("1411200", 1411200, 22050);
    count_pdm("1024000", 1024000, 16000);
    count_pdm("2048000", 2048000, 16000);
    count_pdm("3072000", 3072000, 16000);
    puts("rate");
    count_silence();
    return 0;
}
