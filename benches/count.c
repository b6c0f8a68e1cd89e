/* A plugin for QEMU's user emulation (7.2 and later): how often each block of translated code ran.

   At exit it writes one line for the program's load address and one for each block, in decimal:
       base ADDRESS
       block ADDRESS INSTRUCTIONS RUNS
   to the file given as out=FILE, or to the standard error output. benches/instructions.py adds them up by symbol.

   gcc -O2 -shared -fPIC -o count.so count.c
   qemu-aarch64 -cpu cortex-a72 -plugin ./count.so,out=FILE PROGRAM

   QEMU's header is not needed: what is used of its plugin interface, version 1, is declared here. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum { INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_start_code(void);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* One translation; a block that is translated again gets another. */
struct block {
    uint64_t address, instructions, runs;
    struct block *next;
};
static struct block *blocks;
static const char *path;

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    struct block *block = calloc(1, sizeof *block);
    (void)id;
    if (!block)
        abort();
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = qemu_plugin_tb_n_insns(tb);
    block->next = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&blocks, &block->next, block, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block->runs, 1);
}

static void ended(plugin_id id, void *unused)
{
    FILE *file = path ? fopen(path, "w") : stderr;
    (void)id;
    (void)unused;
    if (!file)
        return;
    fprintf(file, "base %llu\n", (unsigned long long)qemu_plugin_start_code());
    for (struct block *b = blocks; b; b = b->next)
        if (b->runs)
            fprintf(file, "block %llu %llu %llu\n", (unsigned long long)b->address,
                    (unsigned long long)b->instructions, (unsigned long long)b->runs);
    fflush(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc,
                                                               char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], "out=", 4))
            path = strdup(argv[i] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
