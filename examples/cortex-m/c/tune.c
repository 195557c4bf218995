#include "tune.h"

/* samples of a sixteenth note: 81 beats per minute */
#define STEP 4096u

/* four bars of a bass note and the three notes of a chord, in mHz: A minor, F, C, G */
static const uint32_t bars[4][4] = {
    {110000, 220000, 261626, 329628},
    {87307, 220000, 261626, 349228},
    {130813, 195998, 261626, 329628},
    {97999, 195998, 246942, 293665},
};

/* note of the bar that leads in each sixteenth */
static const uint8_t leads[16] = {1, 2, 3, 2, 1, 3, 2, 3, 1, 2, 3, 1, 3, 2, 1, 2};

/* Return the phase that a frequency (mHz) adds per sample. */
static uint32_t increment(uint32_t millihertz)
{
    return millihertz / 64 * 12466 + millihertz % 64 * 195;
}

/* -16384 to 16383 */
static int32_t triangle(uint32_t phase)
{
    int32_t ramp = (int32_t)(phase >> 16);
    return (ramp < 32768 ? ramp : 65535 - ramp) - 16384;
}

/* -32768 to 32767 */
static int32_t sawtooth(uint32_t phase)
{
    return (int32_t)(phase >> 16) - 32768;
}

int16_t tune_sample(tune *t)
{
    uint32_t step = t->at / STEP;
    int32_t fade = (int32_t)(STEP - t->at % STEP); /* from 4096 to 1 within a step */
    t->at++;

    const uint32_t *notes = bars[step >> 4 & 3];
    int32_t chord = 0;
    for (int i = 0; i < 4; i++) {
        t->phases[i] += increment(notes[i]);
        chord += triangle(t->phases[i]);
    }
    t->lead += increment(2 * notes[leads[step & 15] & 3]);
    int32_t lead = sawtooth(t->lead) * fade / 4096;

    /* a kick on each beat, falling in pitch; a hat on each eighth, three times as loud off the beat */
    uint32_t beat = step & 3;
    int32_t kick = 0, hat = 0;
    t->drum = beat == 0 ? t->drum + increment(40000 + 20 * (uint32_t)fade) : 0;
    if (beat == 0)
        kick = triangle(t->drum) * fade / 4096;
    t->noise = t->noise * 1664525u + 1013904223u;
    if (beat == 0)
        hat = sawtooth(t->noise) * fade / 4096 / 3;
    else if (beat == 2)
        hat = sawtooth(t->noise) * fade / 4096;
    return (int16_t)(chord / 8 + lead / 4 + kick / 2 + hat / 5);
}
