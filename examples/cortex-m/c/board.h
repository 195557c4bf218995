/* The firmware's view of a board: a timer interrupt, and a debugger for its output. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Call on_timer() from the SysTick interrupt every `cycles` of the board's 25 MHz clock, at most 2^24. */
void board_start_timer(uint32_t cycles);
/* Written by the firmware. */
void on_timer(void);

/* Sleep until the next interrupt. */
static inline void board_wait(void)
{
    __asm__ volatile("wfi" ::: "memory");
}

/* Write text and decimal numbers to the debugger by semihosting. */
void print(const char *text);
void print_number(uint32_t number);
/* End the program: 0 is success. */
_Noreturn void board_exit(int status);

#endif
