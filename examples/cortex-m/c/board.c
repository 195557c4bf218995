/* Start of an Armv6-M, Armv7-M or Armv8-M core without a C library: vector table, reset, SysTick, semihosting. */
#include "board.h"

/* from firmware.ld */
extern uint32_t stack_top, data_begin, data_end, data_load, bss_begin, bss_end;

int main(void);
void reset(void);

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_EXIT = 0x18, MODE_WRITE = 4 };
#define STOPPED_WELL 0x20026u
#define STOPPED_BADLY 0x20023u

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define CPACR REGISTER(0xE000ED88u)

static uintptr_t semihosting(uint32_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text)
{
    static uintptr_t output; /* the debugger's standard output, 0 before it is open */
    uintptr_t length = 0;
    if (output == 0) {
        const uintptr_t open[3] = {(uintptr_t)":tt", MODE_WRITE, 3};
        output = semihosting(SYS_OPEN, open);
    }
    while (text[length] != '\0')
        length++;
    const uintptr_t write[3] = {output, (uintptr_t)text, length};
    semihosting(SYS_WRITE, write);
}

void print_number(uint32_t number)
{
    char digits[11], *from = digits + sizeof digits - 1;
    *from = '\0';
    do {
        *--from = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(from);
}

_Noreturn void board_exit(int status)
{
    semihosting(SYS_EXIT, (const void *)(status == 0 ? STOPPED_WELL : STOPPED_BADLY));
    for (;;)
        board_wait();
}

void board_start_timer(uint32_t cycles)
{
    SYST_RVR = cycles - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* core clock, interrupt, enable */
}

void reset(void)
{
    for (uint32_t *to = &data_begin, *from = &data_load; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_begin; to < &bss_end;)
        *to++ = 0;
#ifdef __ARM_FP
    CPACR |= 0xFu << 20; /* the FPU is off after a reset */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    board_exit(main());
}

static void fault(void)
{
    print("fault\n");
    board_exit(1);
}

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    handler handlers[15];
} vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, on_timer},
};
