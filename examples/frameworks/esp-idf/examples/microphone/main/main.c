/* The genre of the music that an I2S microphone hears: INMP441, ICS-43434, SPH0645, with L/R on ground. */
#include <stdio.h>

#include "timbrel_tiny.h"
#include "driver/i2s_std.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"
#include "timbrel_listen.h"

enum {
    RATE = 22050, /* the model's own rate: nothing has to be resampled */
    BLOCK = 256,
    RING_BYTES = 64 * 1024, /* 0.74 s of 32-bit samples */
    READER_STACK_BYTES = 3072,
    READER_PRIORITY = 5 /* above the main task, which computes */
};

static int32_t ring[RING_BYTES / sizeof(int32_t)];
static uint8_t memory[TIMBREL_TINY_MEMORY_BYTES];
static timbrel_listener listener;

static void print_line(const char *line)
{
    puts(line);
}

/* Most I2S microphones send 24 bits; the driver leaves them in the upper bits of 32, which is what timbrel takes. */
static void read_microphone(void *channel)
{
    static int32_t block[BLOCK];
    for (;;) {
        size_t bytes = 0;
        ESP_ERROR_CHECK(i2s_channel_read(channel, block, sizeof block, &bytes, portMAX_DELAY));
        timbrel_listen_put(&listener, block, bytes / sizeof block[0]);
    }
}

static i2s_chan_handle_t start_microphone(void)
{
    i2s_chan_handle_t channel;
    const i2s_chan_config_t port = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    i2s_std_config_t config = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(RATE),
        .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .mclk = I2S_GPIO_UNUSED,
                .bclk = CONFIG_TIMBREL_PIN_BCLK,
                .ws = CONFIG_TIMBREL_PIN_WS,
                .dout = I2S_GPIO_UNUSED,
                .din = CONFIG_TIMBREL_PIN_DATA,
            },
    };
    config.slot_cfg.slot_mask = I2S_STD_SLOT_LEFT;
    ESP_ERROR_CHECK(i2s_new_channel(&port, NULL, &channel));
    ESP_ERROR_CHECK(i2s_channel_init_std_mode(channel, &config));
    ESP_ERROR_CHECK(i2s_channel_enable(channel));
    return channel;
}

void app_main(void)
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
    if (status == TIMBREL_OK)
        xTaskCreate(read_microphone, "microphone", READER_STACK_BYTES, start_microphone(), READER_PRIORITY, NULL);
    while (status == TIMBREL_OK) {
        status = timbrel_listen_run(&listener);
        vTaskDelay(pdMS_TO_TICKS(20));
    }
    puts(timbrel_status_message(status));
}
