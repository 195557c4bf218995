/* Functions that make a classifier. */
#include <stdlib.h>
#include <string.h>

#include "every.h"

void *memory;
size_t memory_len;

timbrel_status make(int way, const uint8_t *file, size_t len, const timbrel_config *config, timbrel_classifier **out)
{
    timbrel_cost all = {sizeof all, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    switch (way) {
    case NEW:
        return timbrel_classifier_new(file, len, config, out);
    case BORROWED:
        return timbrel_classifier_new_borrowed(file, len, config, out);
    case WITHIN:
        return timbrel_classifier_new_within(file, len, config, &all, out);
    default:
        return timbrel_classifier_init(memory, memory_len, file, len, config, out);
    }
}

static void makers(void)
{
    timbrel_config good = {sizeof good, 44100, 2};
    _Alignas(16) unsigned char wide_config[sizeof(timbrel_config) + 1], wide_out[sizeof(void *) + 1];
    for (int way = 0; way < WAYS; way++) {
        timbrel_classifier *out = NULL;
        GIVES(TIMBREL_ERROR_NULL, make(way, NULL, model_len, &good, &out));
        GIVES(TIMBREL_ERROR_NULL, make(way, model, model_len, NULL, &out));
        GIVES(TIMBREL_ERROR_NULL, make(way, model, model_len, &good, NULL));
        memcpy(odd(wide_config), &good, sizeof good);
        GIVES(TIMBREL_ERROR_ARGUMENT, make(way, model, model_len, odd(wide_config), &out));
        GIVES(TIMBREL_ERROR_ARGUMENT, make(way, model, model_len, &good, odd(wide_out)));
        GIVES(TIMBREL_ERROR_ARGUMENT, make(way, model, SIZE_MAX, &good, &out));
        for (size_t len = 0; len < model_len; len += 1 + len / 2) {
            unsigned char *cut = copy(model, len);
            GIVES(TIMBREL_ERROR_MODEL, make(way, cut, len, &good, &out));
            free(cut);
        }
        for (uint32_t size = 0; size < sizeof good; size += 4) {
            uint32_t *stated = copy(&size, sizeof size);
            GIVES(TIMBREL_ERROR_STRUCT_SIZE, make(way, model, model_len, (void *)stated, &out));
            free(stated);
        }
        for (uint32_t rate = 0; rate < 4000; rate += 1999)
            GIVES(TIMBREL_ERROR_RATE, make(way, model, model_len, &(timbrel_config){sizeof good, rate, 1}, &out));
        for (uint32_t channels = 9; channels < 1u << 31; channels *= 9)
            GIVES(TIMBREL_ERROR_CHANNELS, make(way, model, model_len, &(timbrel_config){sizeof good, 8000, channels}, &out));
        CHECK(out == NULL && untouched(memory, memory_len));
    }
}

static void limits(void)
{
    timbrel_config config = {sizeof config, 44100, 2};
    timbrel_classifier *out = NULL;
    timbrel_cost found = {.struct_size = sizeof found};
    _Alignas(16) unsigned char wide[sizeof found + 1];
    GIVES(TIMBREL_OK, timbrel_model_cost(model, model_len, &found));
    memcpy(odd(wide), &found, sizeof found);
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_new_within(model, model_len, &config, NULL, &out));
    GIVES(TIMBREL_ERROR_ARGUMENT, timbrel_classifier_new_within(model, model_len, &config, odd(wide), &out));
    for (int field = 0; field < 3; field++) {
        timbrel_cost most = found;
        *(field == 0 ? &most.window : field == 1 ? &most.second : &most.activations) -= 1;
        GIVES(TIMBREL_ERROR_COST, timbrel_classifier_new_within(model, model_len, &config, &most, &out));
        most.struct_size -= 4;
        GIVES(TIMBREL_ERROR_STRUCT_SIZE, timbrel_classifier_new_within(model, model_len, &config, &most, &out));
    }
    CHECK(out == NULL);
    GIVES(TIMBREL_OK, timbrel_classifier_new_within(model, model_len, &config, &found, &out));
    timbrel_classifier_free(out);
}

static void too_little_memory(void)
{
    timbrel_config config = {sizeof config, 44100, 2};
    timbrel_classifier *out = NULL;
    size_t needed = 0;
    GIVES(TIMBREL_OK, timbrel_required_bytes(model, model_len, &needed));
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_init(NULL, needed, model, model_len, &config, &out));
    for (size_t len = 0; len < needed - 64; len += 1 + len / 4) {
        void *small = block(len);
        GIVES(TIMBREL_ERROR_MEMORY, timbrel_classifier_init(small, len, model, model_len, &config, &out));
        CHECK(untouched(small, len) && out == NULL);
        free(small);
    }
}

void every_maker(void)
{
    makers();
    limits();
    too_little_memory();
}
