/* The function that classifies a file. */
#include <stdlib.h>
#include <string.h>

#include "every.h"

static timbrel_status file(const char *path, timbrel_result *result, float *values, size_t len, char *label, size_t label_len)
{
    return timbrel_classify_file(model, model_len, path, result, values, len, label, label_len);
}

void every_file_call(const char *audio)
{
    timbrel_result result, *narrow = block(sizeof(uint32_t));
    float *values = block(CLASSES * sizeof *values);
    char *label = block(128);
    memset(&result, UNTOUCHED, sizeof result);
    result.struct_size = sizeof result;
    narrow->struct_size = sizeof narrow->struct_size;
    GIVES(TIMBREL_ERROR_NULL, timbrel_classify_file(NULL, model_len, audio, &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_MODEL, timbrel_classify_file(model, model_len - 1, audio, &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, file(NULL, &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, file(audio, NULL, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_STRUCT_SIZE, file(audio, narrow, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, file(audio, &result, NULL, CLASSES, NULL, 0));
    GIVES(TIMBREL_ERROR_NULL, file(audio, &result, NULL, 0, NULL, 128));
    GIVES(TIMBREL_ERROR_BUFFER, file(audio, &result, values, CLASSES - 1, NULL, 0));
    GIVES(TIMBREL_ERROR_BUFFER, file(audio, &result, values, CLASSES, label, 1));
    GIVES(TIMBREL_ERROR_FILE, file("", &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_FILE, file("/", &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_ERROR_FILE, file("\xff\xfe no such file", &result, NULL, 0, NULL, 0));
    CHECK(untouched(&result.class_index, sizeof result - sizeof result.struct_size));
    CHECK(untouched(values, CLASSES * sizeof *values) && untouched(label, 128));
    GIVES(TIMBREL_OK, file(audio, &result, NULL, 0, NULL, 0));
    GIVES(TIMBREL_OK, file(audio, &result, values, CLASSES, label, 128));
    CHECK(result.class_index < CLASSES && values[result.class_index] == result.confidence && strlen(label) > 0);
    free(narrow), free(values), free(label);
}
