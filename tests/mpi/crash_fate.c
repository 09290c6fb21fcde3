/* Fates are dealt by a permutation of the indices that follows from the call's seed, so that every storm has the same
 * number of each kind, wherever it falls, and the master knows them without being told. */
#include "crash.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

fate fate_of(uint64_t seed, uint64_t index, uint64_t count) {
    static const struct {
        fate what;
        uint64_t up_to; /* of 10,000 */
    } hands[] = {{FATE_SEGV, 40},  {FATE_OVERFLOW, 55}, {FATE_ABORT, 70},   {FATE_FPE, 85},    {FATE_BUS, 100},
                 {FATE_EXIT, 110}, {FATE__EXIT, 120},   {FATE_REFUSE, 130}, {FATE_FLAKY, 160}, {FATE_HANG, 170}};
    uint64_t step = mix(seed) % count | 1;
    while (step % 5 == 0) /* count is a power of ten: coprime to it */
        step += 2;
    uint64_t place = (index % count * step + mix(seed + 1) % count) % count * 10000 / count;
    for (size_t i = 0; i < sizeof hands / sizeof *hands; i++)
        if (place < hands[i].up_to)
            return hands[i].what == FATE_HANG && seed % 2 == 0 ? FATE_SEGV : hands[i].what;
    return FATE_GOOD;
}

static int overflow(volatile char *above, int depth) {
    volatile char here[4096];
    here[0] = (char)depth;
    return depth < 0 ? 0 : overflow(here, depth + 1) + here[0] + above[0];
}

/* A page behind the end of its file. */
static void read_nothing(void) {
    int descriptor = memfd_create("nothing", MFD_CLOEXEC);
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
    (void)page[0];
}

static void hang(void) {
    for (;;)
        usleep(100000);
}

int fate_meet(dmap_context *ctx, fate what) {
    volatile char top = 0;
    int *volatile nowhere = NULL;
    switch (what) {
    case FATE_SEGV:
        nowhere = (int *)(uintptr_t)4096;
        *nowhere = 1;
        break;
    case FATE_OVERFLOW:
        return overflow(&top, 0);
    case FATE_ABORT:
        abort();
    case FATE_FPE:
        raise(SIGFPE);
        break;
    case FATE_BUS:
        read_nothing();
        break;
    case FATE_EXIT:
        exit(3);
    case FATE__EXIT:
        _exit(9);
    case FATE_FLAKY:
        if (dmap_attempt(ctx) == 1)
            raise(SIGSEGV);
        break;
    case FATE_REFUSE:
        return dmap_fail(ctx, 5, "refused");
    case FATE_HANG:
        hang();
        break;
    default:
        break;
    }
    return 0;
}

fate_end fate_ends(fate what, int attempts) {
    switch (what) {
    case FATE_SEGV:
    case FATE_OVERFLOW:
        return (fate_end){DMAP_ITEM_CRASHED, 0, SIGSEGV};
    case FATE_ABORT:
        return (fate_end){DMAP_ITEM_CRASHED, 0, SIGABRT};
    case FATE_FPE:
        return (fate_end){DMAP_ITEM_CRASHED, 0, SIGFPE};
    case FATE_BUS:
        return (fate_end){DMAP_ITEM_CRASHED, 0, SIGBUS};
    case FATE_EXIT:
        return (fate_end){DMAP_ITEM_CRASHED, 3, 0};
    case FATE__EXIT:
        return (fate_end){DMAP_ITEM_CRASHED, 9, 0};
    case FATE_FLAKY:
        return attempts > 1 ? (fate_end){DMAP_ITEM_OK, 0, 0} : (fate_end){DMAP_ITEM_CRASHED, 0, SIGSEGV};
    case FATE_REFUSE:
        return (fate_end){DMAP_ITEM_FAILED, 5, 0};
    case FATE_HANG:
        return (fate_end){DMAP_ITEM_TIMEOUT, 0, SIGKILL};
    default:
        return (fate_end){DMAP_ITEM_OK, 0, 0};
    }
}
