/* A board for the template: DMA fills the halves of the circular buffer in turn, with an empty right slot. */
#include "machine.h"
#include "main.h"

enum { HALF_FRAMES = 256 };

void microphone_begin(void);
void microphone_run(void);

I2S_HandleTypeDef hi2s2;

HAL_StatusTypeDef HAL_I2S_Receive_DMA(I2S_HandleTypeDef *hi2s, uint16_t *data, uint16_t size)
{
    hi2s->pRxBuffPtr = data;
    hi2s->RxXferSize = (uint16_t)(size << 1); /* as HAL does for frames of 32 bits */
    return size == 2 * 2 * HALF_FRAMES ? HAL_OK : HAL_ERROR;
}

void Error_Handler(void)
{
    for (;;)
        machine_switch();
}

static void fill(uint16_t *half)
{
    int32_t samples[HALF_FRAMES];
    machine_hear(samples, HALF_FRAMES, 4);
    for (int i = 0; i < HALF_FRAMES; i++) {
        half[4 * i] = (uint16_t)((uint32_t)samples[i] >> 16);
        half[4 * i + 1] = (uint16_t)samples[i];
        half[4 * i + 2] = half[4 * i + 3] = 0;
    }
}

int main(void)
{
    microphone_begin();
    for (;;) {
        fill(hi2s2.pRxBuffPtr);
        HAL_I2S_RxHalfCpltCallback(&hi2s2);
        microphone_run();
        fill(hi2s2.pRxBuffPtr + hi2s2.RxXferSize / 2);
        HAL_I2S_RxCpltCallback(&hi2s2);
        microphone_run();
    }
}
