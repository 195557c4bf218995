/* A piece of music made of integers, so that every machine hears the same samples; ../scenario/src/tune.rs in C. */
#ifndef TUNE_H
#define TUNE_H

#include <stdint.h>

enum {
    TUNE_RATE_HZ = 22050,
    /* 13.5 s: two windows of the shipped model and a little more */
    TUNE_SAMPLES = 1162 * 256
};

typedef struct {
    uint32_t at;        /* samples since the beginning */
    uint32_t phases[4]; /* of the bar's notes, 2^32 a turn */
    uint32_t lead, drum, noise;
} tune;

/* The state in which every tune begins. */
#define TUNE_BEGIN {.noise = 1}

/* Return the next sample. */
int16_t tune_sample(tune *t);

#endif
