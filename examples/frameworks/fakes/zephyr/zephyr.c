/* A board for the sample: dmic_read() waits until the main thread sleeps. */
#include <stdarg.h>

#include "machine.h"
#include <zephyr/audio/dmic.h>
#include <zephyr/sys/printk.h>

const struct device fake_dmic_dev = {"dmic"};

static struct pcm_stream_cfg stream;
static bool running;
static k_thread_entry_t thread;

bool device_is_ready(const struct device *dev)
{
	return dev == &fake_dmic_dev;
}

int fake_mem_slab_alloc(struct k_mem_slab *slab, void **mem)
{
	/* blocks come back before the next one is taken, so that one after the other is free */
	if (slab->num_used != 0) {
		return -ENOMEM;
	}
	slab->num_used = 1;
	*mem = slab->buffer;
	return 0;
}

void k_mem_slab_free(struct k_mem_slab *slab, void *mem)
{
	if (mem == slab->buffer) {
		slab->num_used = 0;
	}
}

int dmic_configure(const struct device *dev, struct dmic_cfg *cfg)
{
	ARG_UNUSED(dev);
	stream = cfg->streams[0];
	return cfg->channel.req_num_chan == 1 && stream.pcm_width == 16 && stream.pcm_rate == 16000 ? 0 : -EINVAL;
}

int dmic_trigger(const struct device *dev, enum dmic_trigger cmd)
{
	ARG_UNUSED(dev);
	running = cmd == DMIC_TRIGGER_START;
	return 0;
}

int dmic_read(const struct device *dev, uint8_t number, void **buffer, size_t *size, int32_t timeout)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(timeout);
	if (!running || number != 0) {
		return -EIO;
	}
	machine_switch();
	int error = fake_mem_slab_alloc(stream.mem_slab, buffer);
	if (error == 0) {
		machine_hear(*buffer, stream.block_size / 2, 2);
		*size = stream.block_size;
	}
	return error;
}

static void start(void *unused)
{
	ARG_UNUSED(unused);
	thread(NULL, NULL, NULL);
}

k_tid_t k_thread_create(struct k_thread *new_thread, k_thread_stack_t *stack, size_t stack_size, k_thread_entry_t entry,
			void *p1, void *p2, void *p3, int prio, uint32_t options, k_timeout_t delay)
{
	ARG_UNUSED(stack);
	ARG_UNUSED(stack_size);
	ARG_UNUSED(p1);
	ARG_UNUSED(p2);
	ARG_UNUSED(p3);
	ARG_UNUSED(prio);
	ARG_UNUSED(options);
	ARG_UNUSED(delay);
	thread = entry;
	machine_spawn(start, NULL);
	return new_thread;
}

int32_t k_msleep(int32_t ms)
{
	ARG_UNUSED(ms);
	machine_switch();
	return 0;
}

/* The sample prints lines of one string; of anything else this prints the format. */
void printk(const char *fmt, ...)
{
	va_list arguments;
	va_start(arguments, fmt);
	machine_print(fmt[0] == '%' && fmt[1] == 's' ? va_arg(arguments, const char *) : fmt);
	va_end(arguments);
}
