/* main.h of a CubeMX project, with the part of stm32f4xx_hal_i2s.h that the template uses. */
#ifndef __MAIN_H
#define __MAIN_H

#include <stdint.h>

typedef enum { HAL_OK = 0x00U, HAL_ERROR = 0x01U, HAL_BUSY = 0x02U, HAL_TIMEOUT = 0x03U } HAL_StatusTypeDef;

typedef struct __I2S_HandleTypeDef {
    uint16_t *pRxBuffPtr;
    volatile uint16_t RxXferSize;
} I2S_HandleTypeDef;

HAL_StatusTypeDef HAL_I2S_Receive_DMA(I2S_HandleTypeDef *hi2s, uint16_t *pData, uint16_t Size);
void HAL_I2S_RxHalfCpltCallback(I2S_HandleTypeDef *hi2s);
void HAL_I2S_RxCpltCallback(I2S_HandleTypeDef *hi2s);
void Error_Handler(void);

#endif
