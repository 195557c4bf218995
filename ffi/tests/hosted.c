/* Classifies raw 16-bit stereo at 44.1 kHz from standard input with the library without std: no heap, no other thread.
 *
 *     hosted MODEL
 */
#include <stdint.h>
#include <stdio.h>

#include "timbrel.h"

static uint8_t model[200000], memory[131072];
static int16_t samples[44100];

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file)
        return 2;
    size_t model_len = fread(model, 1, sizeof model, file), needed, count;
    fclose(file);
    timbrel_config config = {sizeof config, 44100, 2};
    timbrel_classifier *classifier = NULL;
    timbrel_result result = {.struct_size = sizeof result};
    char genre[128];
    if (timbrel_required_bytes(model, model_len, &needed) || needed > sizeof memory)
        return 3;
    if (timbrel_classifier_init(memory, sizeof memory, model, model_len, &config, &classifier))
        return 4;
    while ((count = fread(samples, sizeof *samples, 44100, stdin)) > 0)
        for (size_t at = 0, consumed = 0; at < count; at += consumed)
            if (timbrel_classifier_push_i16(classifier, samples + at, count - at, &consumed, NULL))
                return 5;
    if (timbrel_classifier_finish(classifier) || timbrel_classifier_result(classifier, &result, NULL, 0) ||
        timbrel_label(classifier, result.class_index, genre, sizeof genre))
        return 6;
    printf("%s %.6f %u\n", genre, result.confidence, (unsigned)result.windows);
    return 0;
}
