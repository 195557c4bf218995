/* Functions of the ABI with every wrong argument: what the parts share. */
#ifndef EVERY_H
#define EVERY_H

#include <stddef.h>
#include <stdint.h>

#include "timbrel.h"

/* Content of memory that nothing was written to, and genres of the model. */
enum { UNTOUCHED = 0xA5, CLASSES = 10 };

extern unsigned char *model;
extern size_t model_len;

/* Count a check, and end the program if it does not hold. */
#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)
#define GIVES(wanted, call) check((call) == (wanted), #call " gives " #wanted, __FILE__, __LINE__)
void check(int holds, const char *what, const char *file, int line);

/* Allocate untouched memory of exactly this size, so that a sanitizer or valgrind sees a single byte too many. */
void *block(size_t size);
void *copy(const void *from, size_t size);
int untouched(const void *memory, size_t size);

/* Return a misaligned pointer into aligned memory of the caller, which has a byte more. */
void *odd(void *aligned);

/* Ways to make a classifier. INSIDE makes it in `memory`. */
enum { NEW, BORROWED, WITHIN, INSIDE, WAYS };
extern void *memory;
extern size_t memory_len;
timbrel_status make(int way, const uint8_t *file, size_t len, const timbrel_config *config, timbrel_classifier **out);

void every_model_call(void);
void every_maker(void);
void every_use(void);
void every_file_call(const char *audio);

#endif
