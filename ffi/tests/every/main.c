/* Every function of timbrel.h with NULL, misaligned pointers, wrong sizes and counts, too little memory and in the wrong
   order: each has the error that the header promises, and nothing else changes.

       every MODEL AUDIO_FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "every.h"

unsigned char *model;
size_t model_len;
static long checks;

void check(int holds, const char *what, const char *file, int line)
{
    checks++;
    if (holds)
        return;
    fprintf(stderr, "%s:%d: not so: %s (%s)\n", file, line, what, timbrel_last_error());
    exit(1);
}

void *block(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL)
        exit(2);
    return memset(memory, UNTOUCHED, size);
}

int untouched(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != UNTOUCHED)
            return 0;
    return 1;
}

void *copy(const void *from, size_t size)
{
    return memcpy(block(size), from, size);
}

void *odd(void *aligned)
{
    return (char *)aligned + 1;
}

static void words(void)
{
    CHECK(timbrel_abi_version() == TIMBREL_ABI_VERSION && strlen(timbrel_version()) > 4);
    for (int32_t status = -3; status < 300; status++)
        CHECK(strlen(timbrel_status_message(status)) > 0);
    CHECK(strlen(timbrel_status_message(INT32_MIN)) > 0 && strlen(timbrel_status_message(INT32_MAX)) > 0);
    CHECK(timbrel_last_error() != NULL);
    timbrel_classifier_free(NULL);
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_finish(NULL));
    CHECK(strstr(timbrel_last_error(), "NULL") != NULL);
    GIVES(TIMBREL_ERROR_NULL, timbrel_classifier_reset(NULL));
}

int main(int count, char **arguments)
{
    FILE *opened = count == 3 ? fopen(arguments[1], "rb") : NULL;
    if (opened == NULL)
        return fprintf(stderr, "usage: every MODEL AUDIO_FILE\n"), 2;
    static unsigned char content[1 << 20];
    model_len = fread(content, 1, sizeof content, opened);
    fclose(opened);
    model = copy(content, model_len);
    memory_len = 1 << 18;
    memory = block(memory_len);
    words();
    every_model_call();
    every_maker();
    every_use();
    every_file_call(arguments[2]);
    free(memory), free(model);
    printf("every function: %ld checks\n", checks);
    return 0;
}
