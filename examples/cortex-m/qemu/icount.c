/* QEMU plugin that counts the instructions a guest executes: the same number on every run and every host.
 *
 * Between two markers, which are no-ops otherwise, it prints the number of executed instructions, without the markers:
 *     Thumb: from `mov r10, r10` (0x46d2) to `mov r11, r11` (0x46db)
 *     RISC-V: from `slti x0, x0, 10` (0x00a02013) to `slti x0, x0, 11` (0x00b02013), hints that mean nothing
 * On other machines it prints the total only.
 * With `-plugin libicount.so,hot=N` it also prints where region N spent its instructions, by the address
 * of each translated block.
 *
 * Not every distribution ships qemu-plugin.h, so the declarations are here (plugin API 1, QEMU 4.2 to 8.x).
 *
 *     cc -O2 -shared -fPIC -o libicount.so icount.c
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed_cb)(unsigned cpu, void *data);
typedef void (*exit_cb)(qemu_plugin_id_t, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated_cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, executed_cb, enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed_cb, enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op, void *, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { BLOCKS = 1 << 16, SHOWN = 40 };
struct block { uint64_t address, instructions, executed; };

static uint64_t total, began, region;
static bool inside, thumb, riscv;
static int64_t hot = -1;
static struct block blocks[BLOCKS];

/* QEMU adds an instruction's count before or after its callback, by version; a marker is not counted, so
 * that this does not matter. */
static void on_start(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    began = total;
    inside = true;
}

static void on_stop(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    fprintf(stderr, "region %" PRIu64 ": %" PRIu64 "\n", region++, total - began);
    inside = false;
}

static void on_block(unsigned cpu, void *data)
{
    (void)cpu;
    if (inside && (int64_t)region == hot)
        ((struct block *)data)->executed++;
}

/* The block's slot, the same when it is translated again; NULL when there are too many. */
static struct block *slot(uint64_t address, uint64_t instructions)
{
    for (size_t probe = 0, at = (size_t)(address >> 1) % BLOCKS; probe < BLOCKS; probe++, at = (at + 1) % BLOCKS) {
        struct block *block = &blocks[at];
        if (block->instructions == 0)
            *block = (struct block){ address, instructions, 0 };
        if (block->address == address && block->instructions == instructions)
            return block;
    }
    return NULL;
}

enum marker { NONE, START, STOP };

static enum marker marker(struct qemu_plugin_insn *insn)
{
    const void *data = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    /* the first half of a Thumb instruction tells, whatever the size: at the end of a page QEMU adds the next
     * instruction's bytes, and no instruction of 32 bits begins like a marker */
    uint16_t half = 0;
    uint32_t word = 0;
    if (size >= sizeof half)
        memcpy(&half, data, sizeof half);
    if (size >= sizeof word)
        memcpy(&word, data, sizeof word);
    if (riscv)
        return word == 0x00a02013 ? START : word == 0x00b02013 ? STOP : NONE;
    return !thumb ? NONE : half == 0x46d2 ? START : half == 0x46db ? STOP : NONE;
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    (void)id;
    if (hot >= 0) {
        struct block *block = slot(qemu_plugin_tb_vaddr(tb), count);
        if (block)
            qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        switch (marker(insn)) {
        case START:
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start, QEMU_PLUGIN_CB_NO_REGS, NULL);
            break;
        case STOP:
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_stop, QEMU_PLUGIN_CB_NO_REGS, NULL);
            break;
        case NONE:
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &total, 1);
        }
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    uint64_t left = x->executed * x->instructions, right = y->executed * y->instructions;
    return left < right ? 1 : left > right ? -1 : 0;
}

static void on_exit_(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    fprintf(stderr, "total: %" PRIu64 "\n", total);
    if (hot < 0)
        return;
    qsort(blocks, BLOCKS, sizeof *blocks, by_weight);
    for (size_t i = 0; i < SHOWN && blocks[i].executed; i++)
        fprintf(stderr, "hot 0x%" PRIx64 " instructions %" PRIu64 " executed %" PRIu64 "\n",
                blocks[i].address, blocks[i].instructions * blocks[i].executed, blocks[i].executed);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    /* the first field of qemu_info_t is the target's name */
    riscv = !strncmp(*(const char *const *)info, "riscv", 5);
    thumb = !strcmp(*(const char *const *)info, "arm");
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], "hot=", 4))
            hot = strtoll(argv[i] + 4, NULL, 10);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
    return 0;
}
