#ifndef _PICO_MULTICORE_H
#define _PICO_MULTICORE_H

#include "pico/stdlib.h"

void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t *stack_bottom, size_t stack_size_bytes);
void multicore_fifo_push_blocking(uint32_t data);
uint32_t multicore_fifo_pop_blocking(void);

#endif
