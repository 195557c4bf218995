/* A chip for the example: i2s_channel_read() waits until the main task sleeps. */
#include "driver/i2s_std.h"
#include "freertos/task.h"
#include "machine.h"

void app_main(void);

enum { NEW, READY, RUNNING };

static struct i2s_channel_obj_t {
    int state;
} channel;

esp_err_t i2s_new_channel(const i2s_chan_config_t *config, i2s_chan_handle_t *tx, i2s_chan_handle_t *rx)
{
    if (config->role != I2S_ROLE_MASTER || tx != NULL || rx == NULL)
        return -1;
    *rx = &channel;
    return ESP_OK;
}

esp_err_t i2s_channel_init_std_mode(i2s_chan_handle_t handle, const i2s_std_config_t *config)
{
    if (handle->state != NEW || config->clk_cfg.sample_rate_hz != 22050 ||
        config->slot_cfg.data_bit_width != I2S_DATA_BIT_WIDTH_32BIT || config->slot_cfg.slot_mask != I2S_STD_SLOT_LEFT)
        return -1;
    handle->state = READY;
    return ESP_OK;
}

esp_err_t i2s_channel_enable(i2s_chan_handle_t handle)
{
    if (handle->state != READY)
        return -1;
    handle->state = RUNNING;
    return ESP_OK;
}

esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void *to, size_t size, size_t *bytes, uint32_t timeout)
{
    if (handle->state != RUNNING || timeout != portMAX_DELAY)
        return -1;
    machine_switch();
    machine_hear(to, size / 4, 4);
    *bytes = size;
    return ESP_OK;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *const name, const uint32_t depth, void *const parameters,
                       UBaseType_t priority, TaskHandle_t *const created)
{
    (void)name, (void)depth, (void)priority, (void)created;
    machine_spawn(code, parameters);
    return 1;
}

void vTaskDelay(const TickType_t ticks)
{
    (void)ticks;
    machine_switch();
}

void _esp_error_check_failed(esp_err_t error, const char *file, int line, const char *function, const char *expression)
{
    (void)error, (void)file, (void)line, (void)function;
    machine_print(expression);
    for (;;)
        machine_switch();
}

int main(void)
{
    app_main();
    return 1; /* it ends only with an error */
}
