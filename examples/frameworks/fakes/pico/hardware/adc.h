/* hardware/adc.h; its functions are inline in the SDK. */
#ifndef _HARDWARE_ADC_H
#define _HARDWARE_ADC_H

#include "pico/stdlib.h"

typedef struct {
    volatile uint32_t cs, result, fcs, fifo, div;
} adc_hw_t;

extern adc_hw_t fake_adc;
#define adc_hw (&fake_adc)

void adc_init(void);
void adc_gpio_init(uint gpio);
void adc_select_input(uint input);
void adc_run(bool run);
void adc_set_clkdiv(float clkdiv);
void adc_fifo_setup(bool en, bool dreq_en, uint16_t dreq_thresh, bool err_in_fifo, bool byte_shift);

#endif
