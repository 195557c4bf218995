/* Below every framework's fake: a microphone that hears the demo tune, a console, and one more thread. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Copy the tune's next `count` samples, of 2 bytes or of 4 with the sample in the upper two. End the program with
 * success if the tune has fewer left. */
void machine_hear(void *samples, size_t count, size_t bytes);

/* Print a line. */
void machine_print(const char *line);

/* Let `entry` be a second thread, which runs from the next machine_switch() on. */
void machine_spawn(void (*entry)(void *), void *argument);

/* Go on with the other thread, where it has switched. */
void machine_switch(void);

#ifdef __cplusplus
}
#endif

#endif
