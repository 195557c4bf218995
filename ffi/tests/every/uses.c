/* Functions that use a classifier, before and after its first window and its end. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "every.h"

enum { SAMPLES = 22050 * 3 };

static float floats[SAMPLES];
static int16_t shorts[SAMPLES];
static int32_t ints[SAMPLES];

static timbrel_status push(int kind, timbrel_classifier *to, size_t offset, size_t count, size_t *consumed, uint8_t *window)
{
    switch (kind) {
    case 0:
        return timbrel_classifier_push_f32(to, (void *)((char *)floats + offset), count, consumed, window);
    case 1:
        return timbrel_classifier_push_i16(to, (void *)((char *)shorts + offset), count, consumed, window);
    default:
        return timbrel_classifier_push_i32(to, (void *)((char *)ints + offset), count, consumed, window);
    }
}

static void pushes(timbrel_classifier *classifier)
{
    size_t consumed = 77;
    _Alignas(16) unsigned char wide[sizeof consumed + 1];
    for (int kind = 0; kind < 3; kind++) {
        GIVES(TIMBREL_ERROR_NULL, push(kind, NULL, 0, 10, &consumed, NULL));
        GIVES(TIMBREL_ERROR_NULL, push(kind, classifier, 0, 10, NULL, NULL));
        GIVES(TIMBREL_ERROR_ARGUMENT, push(kind, classifier, 1, 10, &consumed, NULL));
        GIVES(TIMBREL_ERROR_ARGUMENT, push(kind, classifier, 0, 10, odd(wide), NULL));
        GIVES(TIMBREL_ERROR_ARGUMENT, push(kind, classifier, 0, SIZE_MAX, &consumed, NULL));
        GIVES(TIMBREL_ERROR_ARGUMENT, push(kind, classifier, 0, SIZE_MAX / 2, &consumed, NULL));
        CHECK(consumed == 77);
        GIVES(TIMBREL_OK, push(kind, classifier, 1, 0, &consumed, NULL)); /* of no samples the address does not matter */
        CHECK(consumed == 0);
        consumed = 77;
    }
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_push_f32(classifier, NULL, 1, &consumed, NULL));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_push_i16(classifier, NULL, 1, &consumed, NULL));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_push_i32(classifier, NULL, 1, &consumed, NULL));
    CHECK(consumed == 77);
    const float bad[] = {NAN, INFINITY, -INFINITY, 1e7f, -1e30f};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        float block_of[3] = {0, 0, bad[i]};
        float *three = copy(block_of, sizeof block_of);
        GIVES(TIMBREL_ERROR_SAMPLE, timbrel_classifier_push_f32(classifier, three, 3, &consumed, NULL));
        CHECK(consumed == 2);
        free(three);
    }
    GIVES(TIMBREL_OK, timbrel_classifier_reset(classifier));
}

static void answers(timbrel_classifier *classifier, timbrel_status none)
{
    /* `none`: the error of those that need a window; logits and labels need none */
    timbrel_result *result = block(sizeof *result);
    timbrel_state *state = block(sizeof *state);
    float *values = block(CLASSES * sizeof *values);
    int32_t *logits = block(CLASSES * sizeof *logits);
    char *label = block(128);
    _Alignas(16) char wide[sizeof *result + 1];
    /* 44 bytes were the first version's */
    for (uint32_t size = 0; size < 44; size += 4) {
        result->struct_size = size;
        GIVES(TIMBREL_ERROR_STRUCT_SIZE, timbrel_classifier_result(classifier, result, NULL, 0));
    }
    result->struct_size = sizeof *result;
    memcpy(odd(wide), result, sizeof *result);
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_result(NULL, result, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_result(classifier, NULL, NULL, 0));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_result(classifier, odd(wide), NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_window(NULL, state, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_window(classifier, NULL, NULL, 0));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_window(classifier, odd(wide), NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_logits(NULL, logits, CLASSES));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_logits(classifier, NULL, CLASSES));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_logits(classifier, odd(wide), CLASSES));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_embedding(NULL, NULL, 0, NULL));
    GIVES(TIMBREL_ERROR_NULL, timbrel_label(NULL, 0, label, 128));
    GIVES(TIMBREL_ERROR_NULL, timbrel_label(classifier, 0, NULL, 128));
    GIVES(TIMBREL_ERROR_CLASS, timbrel_label(classifier, CLASSES, label, 128));
    GIVES(TIMBREL_ERROR_CLASS, timbrel_label(classifier, UINT32_MAX, label, 128));
    for (size_t len = 0; len < CLASSES; len++) {
        float *few = block(len * sizeof *few);
        int32_t *few_logits = block(len * sizeof *few_logits);
        GIVES(TIMBREL_ERROR_BUFFER, timbrel_classifier_logits(classifier, few_logits, len));
        GIVES(none ? none : TIMBREL_ERROR_BUFFER, timbrel_classifier_result(classifier, result, few, len));
        GIVES(none ? none : TIMBREL_ERROR_BUFFER, timbrel_classifier_window(classifier, state, few, len));
        CHECK(untouched(few, len * sizeof *few) && untouched(few_logits, len * sizeof *few_logits));
        free(few), free(few_logits);
    }
    CHECK(untouched(values, CLASSES * sizeof *values) && untouched(label, 128) && untouched(state, sizeof *state));
    CHECK(untouched(&result->class_index, sizeof *result - sizeof result->struct_size));
    GIVES(none, timbrel_classifier_result(classifier, result, values, CLASSES));
    GIVES(none, timbrel_classifier_window(classifier, state, values, CLASSES));
    GIVES(TIMBREL_OK, timbrel_classifier_logits(classifier, logits, CLASSES));
    for (uint32_t genre = 0; genre < CLASSES; genre++) {
        GIVES(TIMBREL_OK, timbrel_label(classifier, genre, label, 128));
        size_t len = strlen(label);
        char *exact = block(len + 1);
        GIVES(TIMBREL_ERROR_BUFFER, timbrel_label(classifier, genre, exact, len));
        CHECK(untouched(exact, len + 1));
        GIVES(TIMBREL_OK, timbrel_label(classifier, genre, exact, len + 1));
        CHECK(strcmp(exact, label) == 0);
        free(exact);
    }
    free(result), free(state), free(values), free(logits), free(label);
}

static void embeddings(timbrel_classifier *classifier)
{
    size_t needed = 0;
    _Alignas(16) char wide[sizeof(float) + sizeof needed];
    GIVES(TIMBREL_OK, timbrel_classifier_embedding(classifier, NULL, 0, &needed));
    float *values = block(needed * sizeof *values);
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_embedding(classifier, NULL, needed, NULL));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_embedding(classifier, odd(wide), needed, NULL));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_embedding(classifier, NULL, 0, odd(wide)));
    GIVES(TIMBREL_ERROR_BUFFER, timbrel_classifier_embedding(classifier, values, needed - 1, NULL));
    CHECK(untouched(values, needed * sizeof *values));
    GIVES(TIMBREL_OK, timbrel_classifier_embedding(classifier, values, needed, NULL));
    free(values);
}

static void life(int way)
{
    timbrel_config config = {sizeof config, 22050, 1};
    timbrel_classifier *classifier = NULL;
    unsigned char *file = copy(model, model_len);
    GIVES(TIMBREL_OK, make(way, file, model_len, &config, &classifier));
    if (way == NEW || way == WITHIN)
        free(file), file = NULL; /* it was copied */
    for (int kind = 0; kind < 3; kind++) {
        GIVES(TIMBREL_ERROR_NO_AUDIO, timbrel_classifier_finish(classifier));
        GIVES(TIMBREL_ERROR_NO_RESULT, timbrel_classifier_embedding(classifier, NULL, 0, NULL));
        answers(classifier, TIMBREL_ERROR_NO_RESULT);
        pushes(classifier);
        int windows = 0;
        for (size_t at = 0, consumed = 0; at < SAMPLES; at += consumed) {
            uint8_t window = 9;
            GIVES(TIMBREL_OK, push(kind, classifier, at * (kind == 1 ? 2 : 4), SAMPLES - at, &consumed, &window));
            CHECK(window <= 1 && consumed <= SAMPLES - at);
            windows += window;
        }
        CHECK(windows == 1);
        GIVES(TIMBREL_OK, timbrel_classifier_finish(classifier));
        GIVES(TIMBREL_OK, timbrel_classifier_finish(classifier));
        GIVES(TIMBREL_ERROR_FINISHED, push(kind, classifier, 0, 10, &(size_t){0}, NULL));
        answers(classifier, TIMBREL_OK);
        embeddings(classifier);
        GIVES(TIMBREL_OK, timbrel_classifier_reset(classifier));
    }
    timbrel_classifier_free(classifier);
    free(file);
}

/* Classifiers of the caller's memory, at every alignment, in the least memory and in more. */
static void lives_inside(void)
{
    size_t needed = 0;
    GIVES(TIMBREL_OK, timbrel_required_bytes(model, model_len, &needed));
    void *whole = memory;
    size_t whole_len = memory_len;
    life(INSIDE);
    for (size_t offset = 0; offset < 16; offset += 5) {
        unsigned char *place = block(needed + offset);
        memory = place + offset, memory_len = needed;
        life(INSIDE);
        CHECK(untouched(place, offset));
        free(place);
    }
    memory = whole, memory_len = whole_len;
}

void every_use(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        shorts[i] = (int16_t)((i * (i / 4000 % 7 + 1)) % 200 * 150 - 15000);
        floats[i] = (float)shorts[i] / 32768.0f;
        ints[i] = (int32_t)shorts[i] * 65536;
    }
    for (int way = 0; way < INSIDE; way++)
        life(way);
    lives_inside();
}
