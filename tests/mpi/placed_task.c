/* The tasks, and the system call under them. Counts are in memory that a rank shares with its workers' processes: those
 * run the items, but it is the rank that writes. */
#include "placed.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static struct common {
    _Atomic int first; /* 1: the first write was done, -1: it was not */
    _Atomic uint64_t writes, bytes, failed, drawn, looks;
    _Atomic bool hidden;
    _Atomic uint32_t late_us, refuse_in, is_cut;
} * common;

void placed_init(void) {
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED)
        abort();
}

static void doze(uint32_t microseconds) {
    struct timespec wait = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    if (microseconds)
        nanosleep(&wait, NULL);
}

/* ---- the system call ---- */

static ssize_t write_there(pid_t process, const struct iovec *from, unsigned long n, const struct iovec *to,
                           unsigned long m, unsigned long flags) {
    uint64_t drawn = mix(atomic_fetch_add(&common->drawn, 1));
    uint32_t refuse_in = atomic_load(&common->refuse_in);
    doze(atomic_load(&common->late_us));
    if (refuse_in && drawn % refuse_in == 0) {
        errno = EPERM;
        return -1;
    }
    struct iovec part = *from;
    bool is_cut = n == 1 && atomic_load(&common->is_cut) && part.iov_len > 1;
    if (is_cut)
        part.iov_len = 1 + (drawn >> 32) % (part.iov_len - 1);
    return syscall(SYS_process_vm_writev, process, is_cut ? &part : from, n, to, m, flags);
}

ssize_t process_vm_writev(pid_t process, const struct iovec *from, unsigned long n, const struct iovec *to,
                          unsigned long m, unsigned long flags) {
    if (!common)
        return syscall(SYS_process_vm_writev, process, from, n, to, m, flags);
    ssize_t written = write_there(process, from, n, to, m, flags);
    int expected = 0, reason = errno;
    atomic_compare_exchange_strong(&common->first, &expected, written < 0 ? -1 : 1);
    atomic_fetch_add(&common->writes, 1);
    atomic_fetch_add(written < 0 ? &common->failed : &common->bytes, written < 0 ? 1 : (uint64_t)written);
    errno = reason;
    return written;
}

/* Only the library reads single bytes: MPI, which may read others' memory by this call too, has no message so small. */
ssize_t process_vm_readv(pid_t process, const struct iovec *to, unsigned long n, const struct iovec *from,
                         unsigned long m, unsigned long flags) {
    bool is_look = common && n == 1 && to->iov_len == 1;
    if (is_look)
        atomic_fetch_add(&common->looks, 1);
    if (is_look && atomic_load(&common->hidden)) {
        errno = EFAULT;
        return -1;
    }
    return syscall(SYS_process_vm_readv, process, to, n, from, m, flags);
}

bool placed_forbid(void) {
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/* ---- items ---- */

placed_item *placed_items(size_t n) {
    static uint64_t calls;
    uint64_t key = mix(harness_seed ^ ++calls);
    placed_item *items = calloc(n ? n : 1, sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = (placed_item){.key = mix(key ^ i), .slow_rank = -1};
    return items;
}

bool placed_is_right(const placed_item *item, const void *result, size_t size) {
    static unsigned char expected[3 * MIB];
    fill(expected, size, item->key);
    return memcmp(expected, result, size) == 0;
}

static int do_item(const dmap_context *ctx, const placed_item *item, void *result, size_t size) {
    atomic_store(&common->late_us, item->late_us);
    atomic_store(&common->refuse_in, item->refuse_in);
    atomic_store(&common->is_cut, item->is_cut);
    if (item->slow_rank < 0 || item->slow_rank == dmap_rank(ctx))
        doze(item->pause_us);
    if ((uint32_t)dmap_attempt(ctx) > item->fails) {
        fill(result, size, item->key);
        return 0;
    }
    memset(result, 0xee, size);
    return 7;
}

static int do_batch(const dmap_context *ctx, const void *items, void *results, size_t count, size_t size) {
    int code = 0;
    for (size_t i = 0; i < count && !code; i++)
        code = do_item(ctx, (const placed_item *)items + i, (unsigned char *)results + i * size, size);
    return code;
}

#define KIND(name, bytes)                                                                                              \
    static int run_##name(dmap_context *ctx, const void *item, void *result) {                                         \
        return do_item(ctx, item, result, bytes);                                                                      \
    }                                                                                                                  \
    static int batch_##name(dmap_context *ctx, const void *items, void *results, size_t count) {                       \
        return do_batch(ctx, items, results, count, bytes);                                                            \
    }                                                                                                                  \
    DMAP_TASK(placed_run_##name, .run = run_##name, .item_size = sizeof(placed_item), .result_size = (bytes));         \
    DMAP_TASK(placed_batch_##name, .run_batch = batch_##name, .item_size = sizeof(placed_item), .result_size = (bytes))

KIND(small, 1000);
KIND(page, 4096);
KIND(two_pages, 8192);
KIND(odd, (64 << 10) + 8);
KIND(large, MIB);
KIND(huge, 3 * MIB);

const placed_kind placed_kinds[] = {{&placed_run_small, 1000, true},         {&placed_batch_small, 1000, true},
                                    {&placed_run_page, 4096, true},          {&placed_batch_page, 4096, true},
                                    {&placed_run_two_pages, 8192, true},     {&placed_batch_two_pages, 8192, true},
                                    {&placed_run_odd, (64 << 10) + 8, true}, {&placed_batch_odd, (64 << 10) + 8, true},
                                    {&placed_run_large, MIB, true},          {&placed_batch_large, MIB, true},
                                    {&placed_run_huge, 3 * MIB, false},      {&placed_batch_huge, 3 * MIB, false}};
const size_t placed_n_kinds = sizeof placed_kinds / sizeof *placed_kinds;

/* ---- what ranks have written: asked of them, by results too small to pass ---- */

static int count(dmap_context *ctx, const void *item, void *result) {
    (void)item;
    doze(200);
    *(placed_count *)result = (placed_count){.rank = dmap_rank(ctx),
                                             .can = atomic_load(&common->first) == 1,
                                             .writes = atomic_load(&common->writes),
                                             .bytes = atomic_load(&common->bytes),
                                             .failed = atomic_load(&common->failed)};
    return 0;
}

DMAP_TASK(placed_counting, .run = count, .item_size = 8, .result_size = sizeof(placed_count));

int placed_counts(placed_count *counts) {
    int ranks = dmap_ranks(harness_pool), known = 0, can = 0;
    const dmap_map_options options = {.schedule = DMAP_STATIC, .chunk = 1};
    uint64_t n = (uint64_t)dmap_workers(harness_pool) * 2;
    placed_count *answers = calloc(n, sizeof *answers);
    for (int rank = 0; rank < ranks; rank++)
        counts[rank] = (placed_count){.rank = -1};
    for (double until = now_s() + 60; known < ranks - 1 && now_s() < until;) {
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &placed_counting, dmap_range(0, n), dmap_into(answers), &options),
                        DMAP_OK);
        for (uint64_t i = 0; i < n; i++) {
            placed_count *known_as = &counts[answers[i].rank];
            known += known_as->rank < 0 && answers[i].rank > 0;
            can += known_as->rank < 0 && answers[i].rank > 0 && answers[i].can;
            *known_as = answers[i];
        }
    }
    if (known < ranks - 1)
        harness_fail("only %d of %d other ranks have said what they wrote", known, ranks - 1);
    free(answers);
    return can;
}

static int hide(dmap_context *ctx, const void *item, void *result) {
    atomic_store(&common->hidden, *(const uint64_t *)item);
    doze(200);
    *(placed_count *)result = (placed_count){.rank = dmap_rank(ctx), .writes = atomic_load(&common->looks)};
    return 0;
}

DMAP_TASK(placed_hiding, .run = hide, .item_size = 8, .result_size = sizeof(placed_count));

uint64_t placed_hide(bool hidden) {
    const dmap_map_options options = {.schedule = DMAP_STATIC, .chunk = 1};
    size_t n = (size_t)dmap_workers(harness_pool) * 2;
    uint64_t looks[64] = {0}, sum = 0, *items = calloc(n, sizeof *items);
    placed_count *answers = calloc(n, sizeof *answers);
    int known = 0;
    bool is_known[64] = {false};
    for (size_t i = 0; i < n; i++)
        items[i] = hidden;
    for (double until = now_s() + 60; known < dmap_ranks(harness_pool) - 1 && now_s() < until;) {
        CU_ASSERT_EQUAL(dmap_map(harness_pool, &placed_hiding, dmap_array(items, n), dmap_into(answers), &options),
                        DMAP_OK);
        for (size_t i = 0; i < n; i++) {
            known += answers[i].rank > 0 && !is_known[answers[i].rank];
            is_known[answers[i].rank] = true;
            looks[answers[i].rank] = answers[i].writes;
        }
    }
    for (int rank = 1; rank < dmap_ranks(harness_pool) && rank < 64; rank++)
        sum += looks[rank];
    free(answers);
    free(items);
    return sum;
}

placed_count placed_since(placed_count *before) {
    int ranks = dmap_ranks(harness_pool);
    placed_count *now = calloc((size_t)ranks, sizeof *now), sum = {.rank = -1};
    placed_counts(now);
    for (int rank = 1; rank < ranks; rank++) {
        sum.writes += now[rank].writes - before[rank].writes;
        sum.bytes += now[rank].bytes - before[rank].bytes;
        sum.failed += now[rank].failed - before[rank].failed;
    }
    memcpy(before, now, (size_t)ranks * sizeof *now);
    free(now);
    return sum;
}
