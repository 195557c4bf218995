/* Many threads over one borrowed model: each makes, uses and frees classifiers of its own, and all give the same answer.
   Run under valgrind's helgrind and memcheck by threads.sh.

       threads MODEL [warm]

   With `warm` the first thread has finished before the others begin: what a process computes once is synchronised by
   atomic operations, which helgrind does not know and takes for races. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timbrel.h"

#ifndef THREADS
#define THREADS 6
#endif
enum { ROUNDS = 3, SAMPLES = 22050 * 3 };

static unsigned char *model;
static size_t model_len;
static short samples[SAMPLES];

struct answer {
    int32_t logits[64];
    int failed;
};

static int listen(int round, struct answer *answer)
{
    timbrel_config config = {sizeof config, round % 2 ? 22050 : 44100, 1};
    timbrel_classifier *classifier = NULL;
    void *memory = NULL;
    timbrel_status status;
    if (round == 2) {
        size_t needed = 0;
        status = timbrel_required_bytes(model, model_len, &needed);
        if (status != TIMBREL_OK)
            return 1;
        memory = malloc(needed);
        status = timbrel_classifier_init(memory, needed, model, model_len, &config, &classifier);
    } else {
        status = timbrel_classifier_new_borrowed(model, model_len, &config, &classifier);
    }
    if (status != TIMBREL_OK)
        return 1;
    for (size_t at = 0, consumed = 0; at < SAMPLES; at += consumed) {
        size_t rest = SAMPLES - at;
        status = timbrel_classifier_push_i16(classifier, samples + at, rest < 999 ? rest : 999, &consumed, NULL);
        if (status != TIMBREL_OK)
            return 1;
    }
    if (timbrel_classifier_finish(classifier) != TIMBREL_OK)
        return 1;
    if (timbrel_classifier_logits(classifier, answer->logits, 64) != TIMBREL_OK)
        return 1;
    /* an error of this thread's, whose message no other thread may change */
    if (timbrel_classifier_push_i16(classifier, samples, 1, NULL, NULL) != TIMBREL_ERROR_NULL)
        return 1;
    if (strstr(timbrel_last_error(), "NULL") == NULL)
        return 1;
    timbrel_classifier_free(classifier);
    free(memory);
    return 0;
}

static void *run(void *argument)
{
    struct answer *answers = argument;
    for (int round = 0; round < ROUNDS; round++)
        answers[round].failed = listen(round, &answers[round]);
    return NULL;
}

int main(int count, char **arguments)
{
    FILE *file = count >= 2 ? fopen(arguments[1], "rb") : NULL;
    if (file == NULL)
        return fprintf(stderr, "usage: threads MODEL [warm]\n"), 2;
    model = malloc(1 << 20);
    model_len = fread(model, 1, 1 << 20, file);
    fclose(file);
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (short)((i * (i / 4000 % 7 + 1)) % 200 * 150 - 15000);
    static struct answer answers[THREADS][ROUNDS];
    pthread_t threads[THREADS];
    int warm = count > 2;
    if (warm)
        run(answers[0]);
    for (int i = warm; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, answers[i]) != 0)
            return 2;
    for (int i = warm; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free(model);
    for (int i = 0; i < THREADS; i++)
        for (int round = 0; round < ROUNDS; round++)
            if (answers[i][round].failed || memcmp(&answers[i][round], &answers[0][round], sizeof(struct answer)) != 0)
                return fprintf(stderr, "thread %d, round %d differs\n", i, round), 1;
    printf("%d threads, %d classifiers each: one answer\n", THREADS, ROUNDS);
    return 0;
}
