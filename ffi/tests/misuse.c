/* What no caller may do, as a control of sanitizers.sh: if each is found inside the library, its code is instrumented.

       misuse MODEL overread       more samples than the array has
       misuse MODEL race           two threads in one classifier
       misuse MODEL leak           a classifier that nobody frees */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timbrel.h"

enum { SAMPLES = 20000, BLOCK = 100 };

static unsigned char model[1 << 20];
static timbrel_classifier *classifier;
static short *samples;
static pthread_barrier_t start;

static void push(size_t count)
{
    size_t consumed;
    timbrel_classifier_push_i16(classifier, samples, count, &consumed, NULL);
}

static void *push_blocks(void *unused)
{
    pthread_barrier_wait(&start);
    for (int i = 0; i < SAMPLES / BLOCK; i++)
        push(BLOCK);
    return unused;
}

static void race(void)
{
    pthread_t threads[2];
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, push_blocks, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(int count, char **arguments)
{
    FILE *file = count == 3 ? fopen(arguments[1], "rb") : NULL;
    if (file == NULL)
        return fprintf(stderr, "usage: misuse MODEL overread|race|leak\n"), 2;
    size_t model_len = fread(model, 1, sizeof model, file);
    fclose(file);
    timbrel_config config = {sizeof config, 22050, 1};
    /* each but the last is lost */
    int made = strcmp(arguments[2], "leak") == 0 ? 9 : 1;
    for (int i = 0; i < made; i++)
        if (timbrel_classifier_new_borrowed(model, model_len, &config, &classifier) != TIMBREL_OK)
            return fprintf(stderr, "%s\n", timbrel_last_error()), 2;
    samples = calloc(SAMPLES, sizeof *samples);

    if (strcmp(arguments[2], "overread") == 0)
        push(SAMPLES + 1);
    else if (strcmp(arguments[2], "race") == 0)
        race();
    timbrel_classifier_free(classifier);
    free(samples);
    return 0;
}
