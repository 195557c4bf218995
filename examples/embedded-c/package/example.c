/* Names the genre of a tune on a microcontroller, with a C compiler and nothing else. The tune stands for your
 * microphone, and printf for what your board shows. */
#include <stdio.h>
#include <stdlib.h>

#include "timbrel.h"
#include "timbrel_compact.h"
#include "tune.h"

static uint8_t memory[TIMBREL_COMPACT_MEMORY_BYTES];
static int16_t samples[256];

static void check(timbrel_status status)
{
    if (status != TIMBREL_OK)
        puts(timbrel_status_message(status)), exit(1);
}

static void report(const char *what, const timbrel_classifier *classifier)
{
    timbrel_result result = {.struct_size = sizeof result};
    int32_t logits[TIMBREL_COMPACT_CLASSES];
    char genre[128];
    check(timbrel_classifier_result(classifier, &result, NULL, 0));
    check(timbrel_classifier_logits(classifier, logits, TIMBREL_COMPACT_CLASSES));
    check(timbrel_label(classifier, result.class_index, genre, sizeof genre));
    printf("%s %u: %s %d %%, logits", what, (unsigned)result.windows, genre, (int)(100 * result.confidence));
    for (int i = 0; i < TIMBREL_COMPACT_CLASSES; i++)
        printf(" %d", (int)logits[i]);
    puts("");
}

int main(void)
{
    timbrel_config config = {sizeof config, TIMBREL_COMPACT_SAMPLE_RATE, 1};
    timbrel_classifier *classifier;
    tune music = TUNE_BEGIN;
    check(timbrel_classifier_init(memory, sizeof memory, timbrel_compact_model, TIMBREL_COMPACT_MODEL_BYTES, &config,
                                  &classifier));
    for (int block = 0; block < TUNE_SAMPLES / 256; block++) {
        for (int i = 0; i < 256; i++)
            samples[i] = tune_sample(&music);
        uint8_t window;
        for (size_t at = 0, consumed; at < 256; at += consumed) {
            check(timbrel_classifier_push_i16(classifier, samples + at, 256 - at, &consumed, &window));
            if (window)
                report("window", classifier);
        }
    }
    check(timbrel_classifier_finish(classifier));
    report("all", classifier);
    return 0;
}
