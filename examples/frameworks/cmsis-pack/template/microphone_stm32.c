/* The genre of the music that an I2S microphone (INMP441, ICS-43434) on an STM32 hears, with ST's HAL.
 *
 * In STM32CubeMX: I2S2 as master receive, 24 bits data on 32 bits frame, 22 kHz; its RX DMA circular, half-word; the
 * DMA's interrupt enabled; printf() on a UART or on SWO; Minimum Stack Size 0x5000. Call microphone_begin() after
 * MX_I2S2_Init(), and microphone_run() in the main loop. */
#include <stdio.h>

#include "main.h"
#include "timbrel_tiny.h"
#include "timbrel_listen.h"

enum {
    RATE = 22050,
    FRAMES = 256,           /* of a half-buffer */
    WORDS = FRAMES * 2 * 2, /* half-words: two slots of two, the upper one first */
    RING_BYTES = 64 * 1024  /* 0.74 s of 32-bit samples */
};

extern I2S_HandleTypeDef hi2s2;

void microphone_begin(void);
void microphone_run(void);

static uint16_t halves[2][WORDS];
static int32_t ring[RING_BYTES / sizeof(int32_t)];
static uint8_t memory[TIMBREL_TINY_MEMORY_BYTES];
static timbrel_listener listener;

static void print_line(const char *line)
{
    puts(line);
}

/* The left slot's words; the microphone's L/R pin is on ground. */
static void take(const uint16_t *half)
{
    int32_t samples[FRAMES];
    for (int i = 0; i < FRAMES; i++)
        samples[i] = (int32_t)((uint32_t)half[4 * i] << 16 | half[4 * i + 1]);
    timbrel_listen_put(&listener, samples, FRAMES);
}

void HAL_I2S_RxHalfCpltCallback(I2S_HandleTypeDef *hi2s)
{
    if (hi2s == &hi2s2)
        take(halves[0]);
}

void HAL_I2S_RxCpltCallback(I2S_HandleTypeDef *hi2s)
{
    if (hi2s == &hi2s2)
        take(halves[1]);
}

void microphone_begin(void)
{
    const timbrel_listen_setup setup = {
        .sample_rate = RATE,
        .sample_bytes = sizeof(int32_t),
        .ring = ring,
        .ring_bytes = sizeof ring,
        .memory = memory,
        .memory_bytes = sizeof memory,
        .model = timbrel_tiny_model,
        .model_bytes = TIMBREL_TINY_MODEL_BYTES,
        .print = print_line,
    };
    timbrel_status status = timbrel_listen_begin(&listener, &setup);
    if (status != TIMBREL_OK) {
        puts(timbrel_status_message(status));
        Error_Handler();
    }
    /* for frames of 32 bits, HAL counts samples of 32 bits: two slots a frame, in both halves */
    if (HAL_I2S_Receive_DMA(&hi2s2, halves[0], 2 * 2 * FRAMES) != HAL_OK)
        Error_Handler();
}

void microphone_run(void)
{
    timbrel_status status = timbrel_listen_run(&listener);
    if (status != TIMBREL_OK)
        puts(timbrel_status_message(status));
}
