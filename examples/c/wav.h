/* A reader of 16-bit PCM wav files in memory, for C and C++. */
#ifndef WAV_H
#define WAV_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct wav {
    uint32_t sample_rate;
    uint32_t channels;
    /* Interleaved samples, all channels counted. */
    int16_t *samples;
    size_t count;
};

static uint32_t wav_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint16_t wav_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/* Fill `wav` and return NULL, or return the fault. Samples of a truncated file are kept. */
static const char *wav_parse(const uint8_t *bytes, size_t len, struct wav *wav)
{
    size_t at = 12;
    memset(wav, 0, sizeof *wav);
    if (len < 12 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
        return "not a wav file";
    while (len - at >= 8) {
        const uint8_t *chunk = bytes + at + 8;
        size_t size = wav_u32(bytes + at + 4);
        size_t left = len - at - 8;
        if (memcmp(bytes + at, "fmt ", 4) == 0 && size >= 16 && left >= 16) {
            /* 0xFFFE is the extensible form, which has the bits at the same place */
            if ((wav_u16(chunk) != 1 && wav_u16(chunk) != 0xFFFE) || wav_u16(chunk + 14) != 16)
                return "not 16-bit PCM";
            wav->channels = wav_u16(chunk + 2);
            wav->sample_rate = wav_u32(chunk + 4);
        } else if (memcmp(bytes + at, "data", 4) == 0) {
            size_t i;
            if (wav->channels == 0 || wav->sample_rate == 0)
                return "no format before the samples";
            wav->count = (size < left ? size : left) / 2;
            wav->samples = (int16_t *)malloc(wav->count * sizeof *wav->samples + 1);
            if (wav->samples == NULL)
                return "out of memory";
            for (i = 0; i < wav->count; i++)
                wav->samples[i] = (int16_t)wav_u16(chunk + 2 * i);
            return NULL;
        }
        /* chunks are padded to even sizes */
        if (size + (size & 1) > left)
            break;
        at += 8 + size + (size & 1);
    }
    return "no samples in it";
}

static void wav_free(struct wav *wav)
{
    free(wav->samples);
    wav->samples = NULL;
}

#endif
