/* A board for the sample: two DMA channels that trigger each other, and a second core that runs while the first waits.
 * The ADC's 12 bits take 4 bits from the tune, so that the answer is not the desktop's for 16. */
#include "hardware/adc.h"
#include "hardware/dma.h"
#include "hardware/irq.h"
#include "machine.h"
#include "pico/multicore.h"

enum { CHANNELS = 2, MOST = 1024 };

adc_hw_t fake_adc;

static struct {
    volatile void *write;
    uint chain, count;
    bool interrupt, done;
} dma[CHANNELS];
static int claimed, active = -1;
static bool converting, enabled;
static irq_handler_t handler;
static uint32_t fifo;
static void (*core1)(void);

bool stdio_init_all(void)
{
    return true;
}

void sleep_ms(uint32_t ms)
{
    (void)ms;
    machine_switch();
}

/* The first core waits: the active channel has filled its half, and the other core goes on. */
void tight_loop_contents(void)
{
    int16_t samples[MOST];
    if (converting && enabled && active >= 0) {
        const int channel = active;
        machine_hear(samples, dma[channel].count, 2);
        for (uint i = 0; i < dma[channel].count; i++)
            ((volatile uint16_t *)dma[channel].write)[i] = (uint16_t)((samples[i] >> 4) + 2048);
        dma[channel].done = dma[channel].interrupt;
        active = (int)dma[channel].chain;
        handler();
    }
    machine_switch();
}

static void start(void *unused)
{
    (void)unused;
    core1();
}

void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t *bottom, size_t bytes)
{
    (void)bottom, (void)bytes;
    core1 = entry;
    machine_spawn(start, NULL);
}

void multicore_fifo_push_blocking(uint32_t data)
{
    fifo = data;
}

uint32_t multicore_fifo_pop_blocking(void)
{
    machine_switch();
    return fifo;
}

void adc_init(void)
{
}

void adc_gpio_init(uint gpio)
{
    (void)gpio;
}

void adc_select_input(uint input)
{
    (void)input;
}

void adc_run(bool run)
{
    converting = run;
}

void adc_set_clkdiv(float divider)
{
    (void)divider;
}

void adc_fifo_setup(bool enable, bool request, uint16_t threshold, bool error, bool shift)
{
    (void)enable, (void)request, (void)threshold, (void)error, (void)shift;
}

void irq_set_exclusive_handler(uint number, irq_handler_t function)
{
    if (number == DMA_IRQ_0)
        handler = function;
}

void irq_set_enabled(uint number, bool on)
{
    if (number == DMA_IRQ_0)
        enabled = on;
}

int dma_claim_unused_channel(bool required)
{
    (void)required;
    return claimed++;
}

/* of a configuration only the chain matters here */
dma_channel_config dma_channel_get_default_config(uint channel)
{
    return (dma_channel_config){channel};
}

void channel_config_set_transfer_data_size(dma_channel_config *config, enum dma_channel_transfer_size size)
{
    (void)config, (void)size;
}

void channel_config_set_read_increment(dma_channel_config *config, bool increment)
{
    (void)config, (void)increment;
}

void channel_config_set_write_increment(dma_channel_config *config, bool increment)
{
    (void)config, (void)increment;
}

void channel_config_set_dreq(dma_channel_config *config, uint request)
{
    (void)config, (void)request;
}

void channel_config_set_chain_to(dma_channel_config *config, uint chain)
{
    config->ctrl = chain;
}

void dma_channel_configure(uint channel, const dma_channel_config *config, volatile void *write,
                           const volatile void *read, uint count, bool trigger)
{
    (void)read, (void)trigger;
    dma[channel].write = write;
    dma[channel].chain = config->ctrl;
    dma[channel].count = count;
}

void dma_channel_set_write_addr(uint channel, volatile void *write, bool trigger)
{
    (void)trigger;
    dma[channel].write = write;
}

void dma_channel_set_irq0_enabled(uint channel, bool on)
{
    dma[channel].interrupt = on;
}

bool dma_channel_get_irq0_status(uint channel)
{
    return dma[channel].done;
}

void dma_channel_acknowledge_irq0(uint channel)
{
    dma[channel].done = false;
}

void dma_channel_start(uint channel)
{
    active = (int)channel;
}
