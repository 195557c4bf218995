#include "timbrel_listen.h"

#include <string.h>

enum {
    CHUNK = 256,       /* samples whose room is given back at once */
    MOST_GENRES = 64,  /* of any model */
    LABEL_BYTES = 128, /* always enough */
    LINE_BYTES = 2 * LABEL_BYTES + 64
};

/* The ring's indices go from one thread or interrupt to another together with the samples below them. */
#define PUBLISH(index, value) __atomic_store_n(&(index), (value), __ATOMIC_RELEASE)
#define OBSERVE(index) __atomic_load_n(&(index), __ATOMIC_ACQUIRE)

/* A line under construction; what does not fit is left out. */
typedef struct {
    char text[LINE_BYTES];
    size_t length;
} line;

static void add_text(line *l, const char *text)
{
    while (*text != '\0' && l->length + 1 < sizeof l->text)
        l->text[l->length++] = *text++;
    l->text[l->length] = '\0';
}

static void add_number(line *l, uint32_t number)
{
    char digits[11], *from = digits + sizeof digits - 1;
    *from = '\0';
    do {
        *--from = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    add_text(l, from);
}

/* "rock 62 %", or why there is no genre */
static void add_answer(line *l, const timbrel_classifier *classifier, timbrel_state state, uint32_t genre,
                       float probability)
{
    char label[LABEL_BYTES];
    if (state == TIMBREL_STATE_SILENCE) {
        add_text(l, "silence");
        return;
    }
    if (state == TIMBREL_STATE_NOT_MUSIC) {
        add_text(l, "not music");
        return;
    }
    if (state != TIMBREL_STATE_MUSIC)
        add_text(l, "not sure, perhaps ");
    if (timbrel_label(classifier, genre, label, sizeof label) == TIMBREL_OK)
        add_text(l, label);
    add_text(l, " ");
    add_number(l, (uint32_t)(100.0f * probability));
    add_text(l, " %");
}

/* The last window alone, which tells where music begins and ends, and all windows together. */
static timbrel_status report(const timbrel_listener *listener)
{
    const timbrel_classifier *classifier = listener->classifier;
    const timbrel_info *info = &listener->info;
    timbrel_result all = {.struct_size = sizeof all};
    timbrel_state state = TIMBREL_STATE_UNSURE;
    float probabilities[MOST_GENRES];
    timbrel_status status = timbrel_classifier_result(classifier, &all, NULL, 0);
    if (status == TIMBREL_OK)
        status = timbrel_classifier_window(classifier, &state, probabilities, MOST_GENRES);
    if (status != TIMBREL_OK)
        return status;
    uint32_t likeliest = 0;
    for (uint32_t i = 1; i < info->class_count; i++)
        if (probabilities[i] > probabilities[likeliest])
            likeliest = i;

    line l = {.length = 0};
    const float seconds = info->window_seconds + (float)(all.windows - 1) * info->hop_seconds;
    const uint32_t tenths = (uint32_t)(10.0f * seconds + 0.5f);
    add_number(&l, tenths / 10);
    add_text(&l, ".");
    add_number(&l, tenths % 10);
    add_text(&l, " s: ");
    add_answer(&l, classifier, state, likeliest, probabilities[likeliest]);
    add_text(&l, "; so far ");
    add_answer(&l, classifier, all.state, all.class_index, all.confidence);
    listener->print(l.text);
    return TIMBREL_OK;
}

timbrel_status timbrel_listen_begin(timbrel_listener *listener, const timbrel_listen_setup *setup)
{
    const timbrel_config config = {sizeof config, setup->sample_rate, 1};
    memset(listener, 0, sizeof *listener);
    listener->print = setup->print;
    listener->ring = setup->ring;
    listener->sample_bytes = setup->sample_bytes == 4 ? 4 : 2;
    size_t fits = setup->ring_bytes / listener->sample_bytes;
    if (fits == 0)
        return TIMBREL_ERROR_MEMORY;
    for (listener->capacity = 1; listener->capacity <= fits / 2;)
        listener->capacity *= 2;
    timbrel_status status = timbrel_model_info(setup->model, setup->model_bytes, &listener->info);
    if (status != TIMBREL_OK)
        return status;
    return timbrel_classifier_init(setup->memory, setup->memory_bytes, setup->model, setup->model_bytes, &config,
                                   &listener->classifier);
}

size_t timbrel_listen_put(timbrel_listener *listener, const void *samples, size_t count)
{
    if (OBSERVE(listener->full) != 0)
        return 0;
    const size_t written = listener->written, bytes = listener->sample_bytes;
    const size_t room = listener->capacity - (written - OBSERVE(listener->taken));
    const size_t kept = count < room ? count : room;
    const size_t at = written & (listener->capacity - 1);
    const size_t before_end = listener->capacity - at;
    const size_t first = kept < before_end ? kept : before_end;
    memcpy((uint8_t *)listener->ring + at * bytes, samples, first * bytes);
    memcpy(listener->ring, (const uint8_t *)samples + first * bytes, (kept - first) * bytes);
    PUBLISH(listener->written, written + kept);
    if (kept < count)
        PUBLISH(listener->full, 1u);
    return kept;
}

/* Push samples from the ring's index `at` on. */
static timbrel_status push(timbrel_listener *listener, size_t at, size_t count, size_t *consumed, uint8_t *window)
{
    if (listener->sample_bytes == 4)
        return timbrel_classifier_push_i32(listener->classifier, (const int32_t *)listener->ring + at, count,
                                           consumed, window);
    return timbrel_classifier_push_i16(listener->classifier, (const int16_t *)listener->ring + at, count, consumed,
                                       window);
}

timbrel_status timbrel_listen_run(timbrel_listener *listener)
{
    size_t waiting;
    while ((waiting = OBSERVE(listener->written) - listener->taken) > 0) {
        const size_t at = listener->taken & (listener->capacity - 1), before_end = listener->capacity - at;
        size_t count = waiting < CHUNK ? waiting : CHUNK, consumed = 0;
        uint8_t window = 0;
        if (count > before_end)
            count = before_end;
        timbrel_status status = push(listener, at, count, &consumed, &window);
        PUBLISH(listener->taken, listener->taken + consumed);
        if (status == TIMBREL_OK && window)
            status = report(listener);
        if (status != TIMBREL_OK)
            return status;
    }
    if (OBSERVE(listener->full) != 0 && OBSERVE(listener->written) == listener->taken) {
        listener->print("too slow for the music: a new signal begins");
        timbrel_status status = timbrel_classifier_reset(listener->classifier);
        PUBLISH(listener->full, 0u);
        return status;
    }
    return TIMBREL_OK;
}
