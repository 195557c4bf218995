/* zephyr/kernel.h, device.h, devicetree.h and sys/util.h of Zephyr 3.7 and later, as far as the sample uses them. */
#ifndef ZEPHYR_KERNEL_H
#define ZEPHYR_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARG_UNUSED(x) (void)(x)
#define BIT_MASK(n) ((1UL << (n)) - 1UL)

struct device {
	const char *name;
};

bool device_is_ready(const struct device *dev);

/* the devicetree has one node label */
extern const struct device fake_dmic_dev;
#define DT_NODELABEL(label) fake_##label
#define DEVICE_DT_GET(node_id) (&node_id)

struct k_mem_slab {
	char *buffer;
	size_t block_size;
	uint32_t num_blocks;
	uint32_t num_used;
};

#define K_MEM_SLAB_DEFINE_STATIC(name, slab_block_size, slab_num_blocks, slab_align)                               \
	static char __attribute__((aligned(slab_align))) name##_buffer[(slab_block_size) * (slab_num_blocks)];     \
	static struct k_mem_slab name = {name##_buffer, slab_block_size, slab_num_blocks, 0}

int fake_mem_slab_alloc(struct k_mem_slab *slab, void **mem);
void k_mem_slab_free(struct k_mem_slab *slab, void *mem);

typedef struct {
	int64_t ticks;
} k_timeout_t;

#define K_NO_WAIT ((k_timeout_t){0})
#define K_PRIO_COOP(x) (-(16 - (x)))

struct k_thread {
	int unused;
};
typedef struct k_thread *k_tid_t;
typedef char k_thread_stack_t;
typedef void (*k_thread_entry_t)(void *p1, void *p2, void *p3);

#define K_THREAD_STACK_DEFINE(sym, size) static k_thread_stack_t sym[size]
#define K_THREAD_STACK_SIZEOF(sym) sizeof(sym)

k_tid_t k_thread_create(struct k_thread *new_thread, k_thread_stack_t *stack, size_t stack_size, k_thread_entry_t entry,
			void *p1, void *p2, void *p3, int prio, uint32_t options, k_timeout_t delay);
int32_t k_msleep(int32_t ms);

#endif
