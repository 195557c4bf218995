/* The listener where samples are silent, come faster than they are taken, or have 32 bits. */
#include "timbrel_tiny.h"
#include "timbrel_listen.h"

#include "machine.h"

enum { RATE = 22050, RING = 4096 };

static int32_t ring[RING + 100]; /* not a power of two: the rest stays unused */
static uint8_t memory[TIMBREL_TINY_MEMORY_BYTES];
static int32_t samples[2 * RING];
static timbrel_listener listener;

static void check(int holds, const char *what)
{
    if (!holds)
        machine_print(what);
}

static void begin(uint32_t bytes)
{
    const timbrel_listen_setup setup = {
        .sample_rate = RATE,
        .sample_bytes = bytes,
        .ring = ring,
        .ring_bytes = bytes * (RING + 100),
        .memory = memory,
        .memory_bytes = sizeof memory,
        .model = timbrel_tiny_model,
        .model_bytes = TIMBREL_TINY_MODEL_BYTES,
        .print = machine_print,
    };
    check(timbrel_listen_begin(&listener, &setup) == TIMBREL_OK, "begin");
}

int main(void)
{
    machine_print("# silence");
    begin(2);
    for (int at = 0; at < 3 * RATE; at += 500) {
        check(timbrel_listen_put(&listener, samples, 500) == 500, "put of silence");
        check(timbrel_listen_run(&listener) == TIMBREL_OK, "run of silence");
    }

    machine_print("# more than the ring holds");
    begin(4);
    check(timbrel_listen_put(&listener, samples, RING + 1) == RING, "a full ring takes what fits");
    check(timbrel_listen_put(&listener, samples, 1) == 0, "and then nothing");
    check(timbrel_listen_run(&listener) == TIMBREL_OK, "run of a full ring");
    check(timbrel_listen_put(&listener, samples, RING) == RING, "an empty ring takes samples again");
    check(timbrel_listen_run(&listener) == TIMBREL_OK, "run after a gap");

    machine_print("# no memory");
    listener.capacity = 1;
    const timbrel_listen_setup none = {.sample_rate = RATE, .print = machine_print};
    check(timbrel_listen_begin(&listener, &none) == TIMBREL_ERROR_MEMORY, "a ring without room");

    machine_print("# the tune, 32 bits");
    begin(4);
    for (;;) { /* 333 does not divide the ring, so that it wraps in the middle */
        machine_hear(samples, 333, 4);
        check(timbrel_listen_put(&listener, samples, 333) == 333, "put of the tune");
        check(timbrel_listen_run(&listener) == TIMBREL_OK, "run of the tune");
    }
}
