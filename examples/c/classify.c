/*
 * Classifies 16-bit wav files through the C interface, with only the standard library.
 *
 *     classify MODEL FILE.wav...
 *
 * prints the same line of JSON for a file as `cargo run --release -p classify -- --json FILE.wav`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timbrel.h"
#include "wav.h"

enum { MAX_CLASSES = 64, LABEL_BYTES = 128 };

/* Read a whole file; NULL if that is impossible. */
static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)size);
        if (bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
            *len = (size_t)size;
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

/* Print text as a JSON string. */
static void print_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    }
    putchar('"');
}

static const char *state_name(timbrel_state state)
{
    switch (state) {
    case TIMBREL_STATE_MUSIC:
        return "music";
    case TIMBREL_STATE_SILENCE:
        return "silence";
    case TIMBREL_STATE_NOT_MUSIC:
        return "not_music";
    default:
        return "unsure";
    }
}

static int print_result(const timbrel_classifier *classifier, const char *name, double seconds)
{
    timbrel_result result = {.struct_size = sizeof result};
    float probabilities[MAX_CLASSES];
    char label[LABEL_BYTES];
    uint32_t class_index;
    timbrel_status status = timbrel_classifier_result(classifier, &result, probabilities, MAX_CLASSES);
    if (status == TIMBREL_OK)
        status = timbrel_label(classifier, result.class_index, label, sizeof label);
    if (status != TIMBREL_OK) {
        fprintf(stderr, "classify: %s: %s\n", name, timbrel_last_error());
        return 1;
    }
    printf("{\"file\": ");
    print_string(name);
    printf(", \"state\": \"%s\", \"genre\": ", state_name(result.state));
    print_string(label);
    printf(", \"confidence\": %.6f, \"probabilities\": {", (double)result.confidence);
    for (class_index = 0; class_index < result.class_count; class_index++) {
        timbrel_label(classifier, class_index, label, sizeof label);
        printf("%s", class_index > 0 ? ", " : "");
        print_string(label);
        printf(": %.6f", (double)probabilities[class_index]);
    }
    printf("}, \"windows\": %u, \"seconds\": %.3f}\n", (unsigned)result.windows, seconds);
    return 0;
}

/* Push the samples in pieces of odd sizes: the division of the audio makes no difference. */
static timbrel_status push_all(timbrel_classifier *classifier, const int16_t *samples, size_t count)
{
    static const size_t sizes[] = {1, 7, 997, 4096, 2, 12345};
    size_t turn = 0;
    while (count > 0) {
        size_t piece = sizes[turn++ % (sizeof sizes / sizeof *sizes)];
        size_t consumed = 0;
        timbrel_status status =
            timbrel_classifier_push_i16(classifier, samples, piece < count ? piece : count, &consumed, NULL);
        if (status != TIMBREL_OK)
            return status;
        samples += consumed;
        count -= consumed;
    }
    return timbrel_classifier_finish(classifier);
}

static int classify(const uint8_t *model, size_t model_len, const char *name)
{
    struct wav wav;
    size_t len = 0;
    int failed = 1;
    const char *error;
    uint8_t *bytes = read_file(name, &len);
    if (bytes == NULL) {
        fprintf(stderr, "classify: %s: cannot be read, or is empty\n", name);
        return 1;
    }
    error = wav_parse(bytes, len, &wav);
    if (error != NULL) {
        fprintf(stderr, "classify: %s: %s\n", name, error);
    } else {
        timbrel_config config = {sizeof config, wav.sample_rate, wav.channels};
        timbrel_classifier *classifier = NULL;
        timbrel_status status = timbrel_classifier_new_borrowed(model, model_len, &config, &classifier);
        if (status == TIMBREL_OK)
            status = push_all(classifier, wav.samples, wav.count);
        if (status == TIMBREL_OK)
            failed = print_result(classifier, name, (double)wav.count / wav.channels / wav.sample_rate);
        else
            fprintf(stderr, "classify: %s: %s\n", name, timbrel_last_error());
        timbrel_classifier_free(classifier);
        wav_free(&wav);
    }
    free(bytes);
    return failed;
}

int main(int argc, char **argv)
{
    size_t model_len = 0;
    uint8_t *model;
    int failed = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: classify MODEL FILE.wav...\n");
        return 2;
    }
    if (timbrel_abi_version() != TIMBREL_ABI_VERSION) {
        fprintf(stderr, "classify: the library does not belong to the header\n");
        return 2;
    }
    model = read_file(argv[1], &model_len);
    if (model == NULL) {
        fprintf(stderr, "classify: %s: cannot be read, or is empty\n", argv[1]);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        failed |= classify(model, model_len, argv[i]);
    free(model);
    return failed;
}
