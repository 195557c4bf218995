/* The genre of the music that an analogue microphone (MAX4466, MAX9814, SPW2430) on GPIO 26 hears.
 *
 * The ADC runs at the model's own rate. Two DMA channels fill two half-buffers in turn; their interrupt, on core 0,
 * hands them over. The network runs on core 1, whose stack is an array here: the SDK's stacks have 4 KB at most. */
#include <stdio.h>

#include "timbrel_tiny.h"
#include "hardware/adc.h"
#include "hardware/dma.h"
#include "hardware/irq.h"
#include "pico/multicore.h"
#include "pico/stdlib.h"
#include "timbrel_listen.h"

enum {
    RATE = 22050,
    ADC_CLOCK = 48000000,
    MICROPHONE_GPIO = 26,
    MICROPHONE_INPUT = 0,
    HALF = 256,
    STACK_WORDS = 24 * 1024 / sizeof(uint32_t),
#if PICO_RP2040
    RING_BYTES = 128 * 1024 /* 3 s, a little more than a window: a Cortex-M0+ is slower than the music */
#else
    RING_BYTES = 32 * 1024
#endif
};

static uint16_t halves[2][HALF];
static uint channels[2];
static int16_t ring[RING_BYTES / sizeof(int16_t)];
static uint8_t memory[TIMBREL_TINY_MEMORY_BYTES];
static uint32_t stack[STACK_WORDS];
static timbrel_listener listener;

static void print_line(const char *line)
{
    puts(line);
}

/* 12 bits around half of the supply to 16 bits around 0. */
static void take(const uint16_t *half)
{
    int16_t samples[HALF];
    for (int i = 0; i < HALF; i++)
        samples[i] = (int16_t)(((int32_t)(half[i] & 0xfff) - 2048) * 16);
    timbrel_listen_put(&listener, samples, HALF);
}

static void on_dma(void)
{
    for (int i = 0; i < 2; i++)
        if (dma_channel_get_irq0_status(channels[i])) {
            dma_channel_acknowledge_irq0(channels[i]);
            dma_channel_set_write_addr(channels[i], halves[i], false); /* for its next turn */
            take(halves[i]);
        }
}

static void start_microphone(void)
{
    adc_init();
    adc_gpio_init(MICROPHONE_GPIO);
    adc_select_input(MICROPHONE_INPUT);
    adc_fifo_setup(true, true, 1, false, false);
    adc_set_clkdiv((float)ADC_CLOCK / RATE - 1);

    for (int i = 0; i < 2; i++)
        channels[i] = (uint)dma_claim_unused_channel(true);
    for (int i = 0; i < 2; i++) {
        dma_channel_config config = dma_channel_get_default_config(channels[i]);
        channel_config_set_transfer_data_size(&config, DMA_SIZE_16);
        channel_config_set_read_increment(&config, false);
        channel_config_set_write_increment(&config, true);
        channel_config_set_dreq(&config, DREQ_ADC);
        channel_config_set_chain_to(&config, channels[1 - i]);
        dma_channel_configure(channels[i], &config, halves[i], &adc_hw->fifo, HALF, false);
        dma_channel_set_irq0_enabled(channels[i], true);
    }
    irq_set_exclusive_handler(DMA_IRQ_0, on_dma);
    irq_set_enabled(DMA_IRQ_0, true);
    dma_channel_start(channels[0]);
    adc_run(true);
}

/* Core 1: make the classifier, which takes more stack than core 0 has, and classify. */
static void listen(void)
{
    const timbrel_listen_setup setup = {
        .sample_rate = RATE,
        .sample_bytes = sizeof(int16_t),
        .ring = ring,
        .ring_bytes = sizeof ring,
        .memory = memory,
        .memory_bytes = sizeof memory,
        .model = timbrel_tiny_model,
        .model_bytes = TIMBREL_TINY_MODEL_BYTES,
        .print = print_line,
    };
    timbrel_status status = timbrel_listen_begin(&listener, &setup);
    multicore_fifo_push_blocking(status);
    while (status == TIMBREL_OK) {
        status = timbrel_listen_run(&listener);
        sleep_ms(10);
    }
    puts(timbrel_status_message(status));
}

int main(void)
{
    stdio_init_all();
    multicore_launch_core1_with_stack(listen, stack, sizeof stack);
    if (multicore_fifo_pop_blocking() == TIMBREL_OK)
        start_microphone();
    for (;;)
        tight_loop_contents();
}
