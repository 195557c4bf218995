/* pico/stdlib.h of the Pico SDK 2, as far as the sample uses it. */
#ifndef _PICO_STDLIB_H
#define _PICO_STDLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned int uint;

bool stdio_init_all(void);
void sleep_ms(uint32_t ms);
/* inline and a single no-op in the SDK */
void tight_loop_contents(void);

#endif
