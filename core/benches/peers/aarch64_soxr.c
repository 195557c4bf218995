/* Resamples noise with soxr's HQ, for aarch64.sh, which counts the instructions.
 *
 *     aarch64_soxr FROM TO SECONDS TIMES
 *
 * Each time a resampler is made, takes all of the noise in one call, and is freed.
 */
#include <soxr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc != 5) {
        fputs("usage: aarch64_soxr FROM TO SECONDS TIMES\n", stderr);
        return 2;
    }
    double from = atof(argv[1]), to = atof(argv[2]);
    size_t samples = (size_t)(from * atof(argv[3])), room = (size_t)(to * atof(argv[3])) + 16, done = 0;
    float *input = malloc(samples * sizeof *input), *output = malloc(room * sizeof *output);
    uint32_t state = 1;
    if (!input || !output) return 1;
    for (size_t i = 0; i < samples; i++) {
        state = state * 1664525u + 1013904223u;
        input[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    for (int left = atoi(argv[4]); left > 0; left--) {
        soxr_error_t error =
            soxr_oneshot(from, to, 1, input, samples, NULL, output, room, &done, NULL, &quality, &runtime);
        if (error) {
            fprintf(stderr, "soxr: %s\n", error);
            return 1;
        }
    }
    printf("%zu\n", done);
    free(input);
    free(output);
    return 0;
}
