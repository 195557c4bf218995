/* The genre of the music that a digital microphone hears. The devicetree's dmic_dev is the microphone. */
#include <zephyr/audio/dmic.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "timbrel_tiny.h"
#include "timbrel_listen.h"

enum {
	RATE = 16000,                            /* what the PDM peripherals of the nRF chips offer */
	BLOCK_BYTES = RATE / 50 * sizeof(int16_t), /* 20 ms */
	BLOCKS = 8,
	READ_TIMEOUT_MS = 1000,
	RING_BYTES = 32 * 1024, /* 1.02 s, longer than a window takes */
};

K_MEM_SLAB_DEFINE_STATIC(blocks, BLOCK_BYTES, BLOCKS, 4);
static const struct device *const microphone = DEVICE_DT_GET(DT_NODELABEL(dmic_dev));
static int16_t ring[RING_BYTES / sizeof(int16_t)];
static uint8_t memory[TIMBREL_TINY_MEMORY_BYTES];
static timbrel_listener listener;

static void print_line(const char *line)
{
	printk("%s\n", line);
}

/* Of a higher priority than main(), so that no block is lost while a window is computed. */
static void read_microphone(void *unused1, void *unused2, void *unused3)
{
	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	ARG_UNUSED(unused3);
	for (;;) {
		void *block;
		size_t bytes;
		int error = dmic_read(microphone, 0, &block, &bytes, READ_TIMEOUT_MS);
		if (error < 0) {
			printk("dmic_read: %d\n", error);
			return;
		}
		timbrel_listen_put(&listener, block, bytes / sizeof(int16_t));
		k_mem_slab_free(&blocks, block);
	}
}

K_THREAD_STACK_DEFINE(reader_stack, 1024);
static struct k_thread reader;

static int start_microphone(void)
{
	struct pcm_stream_cfg stream = {
		.pcm_rate = RATE,
		.pcm_width = 16,
		.block_size = BLOCK_BYTES,
		.mem_slab = &blocks,
	};
	struct dmic_cfg config = {
		.io = {
			.min_pdm_clk_freq = 1000000,
			.max_pdm_clk_freq = 3500000,
			.min_pdm_clk_dc = 40,
			.max_pdm_clk_dc = 60,
		},
		.streams = &stream,
		.channel = {
			.req_num_streams = 1,
			.req_num_chan = 1,
			.req_chan_map_lo = dmic_build_channel_map(0, 0, PDM_CHAN_LEFT),
		},
	};
	if (!device_is_ready(microphone)) {
		return -ENODEV;
	}
	int error = dmic_configure(microphone, &config);
	return error < 0 ? error : dmic_trigger(microphone, DMIC_TRIGGER_START);
}

int main(void)
{
	const timbrel_listen_setup setup = {
		.sample_rate = RATE,
		.sample_bytes = sizeof(int16_t),
		.ring = ring,
		.ring_bytes = sizeof(ring),
		.memory = memory,
		.memory_bytes = sizeof(memory),
		.model = timbrel_tiny_model,
		.model_bytes = TIMBREL_TINY_MODEL_BYTES,
		.print = print_line,
	};
	timbrel_status status = timbrel_listen_begin(&listener, &setup);
	if (status == TIMBREL_OK) {
		int error = start_microphone();
		if (error < 0) {
			printk("no microphone: %d\n", error);
			return error;
		}
		k_thread_create(&reader, reader_stack, K_THREAD_STACK_SIZEOF(reader_stack), read_microphone, NULL,
				NULL, NULL, K_PRIO_COOP(1), 0, K_NO_WAIT);
	}
	while (status == TIMBREL_OK) {
		status = timbrel_listen_run(&listener);
		k_msleep(20);
	}
	printk("%s\n", timbrel_status_message(status));
	return 0;
}
