/* From a microphone's buffers to lines of text: what the samples for all frameworks share.
 *
 * The interrupt, callback or task that has a half-buffer of samples calls timbrel_listen_put(). The main loop, which
 * may be busy with a window for a while, calls timbrel_listen_run(). In between is a ring without locks, for one
 * writer and one reader. No heap, no C library beyond memcpy().
 *
 *     4.2 s: rock 62 %; so far rock 58 %
 *     5.6 s: not music; so far rock 58 %
 *     7.0 s: silence; so far not sure, perhaps rock 41 %
 */
#ifndef TIMBREL_LISTEN_H
#define TIMBREL_LISTEN_H

#include "timbrel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory and format of a listener; read by timbrel_listen_begin() only, but the buffers belong to the listener. */
typedef struct timbrel_listen_setup {
    uint32_t sample_rate;  /* Hz, one of the rates in timbrel_config */
    uint32_t sample_bytes; /* 2: int16_t; 4: int32_t with the sample in its upper bits, as I2S microphones give it */
    void *ring;            /* for samples that wait while a window is computed; aligned to a sample */
    size_t ring_bytes;     /* the largest power of two of samples that fits is used */
    uint8_t *memory;       /* for the classifier, */
    size_t memory_bytes;   /* as much as timbrel_required_bytes() returns */
    const uint8_t *model;  /* stays in place, in flash */
    size_t model_bytes;
    void (*print)(const char *line); /* gets each line, without a line feed; called from timbrel_listen_run() */
} timbrel_listen_setup;

/* The fields are private. */
typedef struct timbrel_listener {
    timbrel_classifier *classifier;
    timbrel_info info;
    void (*print)(const char *line);
    void *ring;
    size_t capacity; /* samples, a power of two */
    size_t sample_bytes;
    size_t written; /* samples since the beginning; only the writer changes it */
    size_t taken;   /* and this one only the reader */
    uint32_t full;  /* set by the writer, cleared by the reader */
} timbrel_listener;

/* Make a listener. Returns what timbrel_model_info() and timbrel_classifier_init() return, and TIMBREL_ERROR_MEMORY
 * for a ring without room for a sample. */
timbrel_status timbrel_listen_begin(timbrel_listener *listener, const timbrel_listen_setup *setup);

/* Append `count` samples to the ring and return how many it took. May interrupt timbrel_listen_run().
 *
 * A full ring takes nothing more until timbrel_listen_run() has emptied it and begun a new signal: a core that is too
 * slow for the music hears stretches of it, each without a gap. */
size_t timbrel_listen_put(timbrel_listener *listener, const void *samples, size_t count);

/* Classify all samples that wait, and print a line for each window. Returns what timbrel_classifier_push_i16()
 * returns. */
timbrel_status timbrel_listen_run(timbrel_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
