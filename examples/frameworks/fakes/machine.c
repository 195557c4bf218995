#include "machine.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "tune.h"

enum { STACK_BYTES = 64 * 1024 };

static _Alignas(16) char stack[STACK_BYTES];
static jmp_buf threads[2];
static int running, started;
static void (*second)(void *);
static void *second_argument;

void machine_hear(void *samples, size_t count, size_t bytes)
{
    static tune music = TUNE_BEGIN;
    if (TUNE_SAMPLES - music.at < count)
        exit(0);
    for (size_t i = 0; i < count; i++) {
        int16_t sample = tune_sample(&music);
        if (bytes == 4)
            ((int32_t *)samples)[i] = (int32_t)sample * 65536;
        else
            ((int16_t *)samples)[i] = sample;
    }
}

void machine_print(const char *line)
{
    printf("%s\n", line);
}

void machine_spawn(void (*entry)(void *), void *argument)
{
    second = entry;
    second_argument = argument;
}

static void run_second(void)
{
    second(second_argument);
    for (;;)
        machine_switch();
}

/* Continue with run_second() on a stack of its own. */
static void start_second(void)
{
    char *const top = stack + STACK_BYTES;
#if defined(__arm__)
    __asm__ volatile("mov sp, %0\n\tblx %1" : : "r"(top), "r"(run_second) : "memory");
#elif defined(__riscv)
    __asm__ volatile("mv sp, %0\n\tjalr %1" : : "r"(top), "r"(run_second) : "memory");
#elif defined(__x86_64__)
    __asm__ volatile("mov %0, %%rsp\n\tcall *%1" : : "r"(top), "r"(run_second) : "memory");
#else
#error "how to change the stack pointer here"
#endif
    abort();
}

void machine_switch(void)
{
    if (second == NULL || setjmp(threads[running]) != 0)
        return;
    running = 1 - running;
    if (!started) {
        started = 1;
        start_second();
    }
    longjmp(threads[running], 1);
}
