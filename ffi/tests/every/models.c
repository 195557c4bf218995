/* Functions that read a model. */
#include <stdlib.h>
#include <string.h>

#include "every.h"

static timbrel_status info(const uint8_t *file, size_t len, void *out)
{
    return timbrel_model_info(file, len, out);
}

static timbrel_status embedding_length(const uint8_t *file, size_t len, void *out)
{
    return timbrel_model_embedding(file, len, out);
}

static timbrel_status cost(const uint8_t *file, size_t len, void *out)
{
    return timbrel_model_cost(file, len, out);
}

static timbrel_status required(const uint8_t *file, size_t len, void *out)
{
    return timbrel_required_bytes(file, len, out);
}

static void readers(void)
{
    static const struct {
        timbrel_status (*read)(const uint8_t *, size_t, void *);
        size_t size;
    } all[] = {{info, sizeof(timbrel_info)}, {embedding_length, sizeof(size_t)},
               {cost, sizeof(timbrel_cost)}, {required, sizeof(size_t)}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size = all[i].size, stated = all[i].read == cost ? sizeof(uint32_t) : 0;
        char *out = block(size), *wide = block(size + 1);
        if (stated > 0)
            ((timbrel_cost *)(void *)out)->struct_size = sizeof(timbrel_cost);
        GIVES(TIMBREL_ERROR_NULL, all[i].read(NULL, model_len, out));
        GIVES(TIMBREL_ERROR_NULL, all[i].read(model, model_len, NULL));
        GIVES(TIMBREL_ERROR_ARGUMENT, all[i].read(model, model_len, odd(wide)));
        GIVES(TIMBREL_ERROR_ARGUMENT, all[i].read(model, SIZE_MAX, out));
        GIVES(TIMBREL_ERROR_ARGUMENT, all[i].read(model, (size_t)PTRDIFF_MAX + 1, out));
        for (size_t len = 0; len < model_len; len += 1 + len / 3) {
            unsigned char *cut = copy(model, len);
            GIVES(TIMBREL_ERROR_MODEL, all[i].read(cut, len, out));
            free(cut);
        }
        unsigned char *flipped = copy(model, model_len);
        for (size_t at = 0; at < model_len; at += 1 + at / 3) {
            flipped[at] ^= 16;
            GIVES(TIMBREL_ERROR_MODEL, all[i].read(flipped, model_len, out));
            flipped[at] ^= 16;
        }
        CHECK(untouched(out + stated, size - stated) && untouched(wide, size + 1));
        GIVES(TIMBREL_OK, all[i].read(flipped, model_len, out));
        CHECK(!untouched(out, size));
        free(flipped), free(out), free(wide);
    }
}

static void sizes_of_costs(void)
{
    struct {
        timbrel_cost known;
        uint64_t later;
    } newer;
    memset(&newer, UNTOUCHED, sizeof newer);
    for (uint32_t size = 0; size < sizeof(timbrel_cost); size += 4) {
        uint32_t *stated = copy(&size, sizeof size); /* no more than the first field is there */
        GIVES(TIMBREL_ERROR_STRUCT_SIZE, timbrel_model_cost(model, model_len, (void *)stated));
        free(stated);
    }
    newer.known.struct_size = sizeof newer;
    GIVES(TIMBREL_OK, timbrel_model_cost(model, model_len, &newer.known));
    CHECK(newer.known.struct_size == sizeof newer && untouched(&newer.later, sizeof newer.later));
}

void every_model_call(void)
{
    readers();
    sizes_of_costs();
}
