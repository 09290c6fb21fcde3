/* Places in a message: what is packed is what is found; what is cut off or bent is noticed, or harmless. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/wire.h"
#include "unit.h"

enum { MOST = 20 };

static void make_text(char *text, size_t room) {
    size_t length = unit_chance(4) ? room - 1 : (size_t)unit_below(room);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + unit_below(26));
    text[length] = '\0';
}

static dmap_place make_place(void) {
    dmap_place p = {.core = (int)unit_below(100) - 1,
                    .pu = (int)unit_below(100) - 1,
                    .numa = (int)unit_below(100) - 1,
                    .socket = (int)unit_below(100) - 1,
                    .shared = unit_chance(2)};
    make_text(p.cpus, sizeof p.cpus);
    make_text(p.why, sizeof p.why);
    return p;
}

static bool is_same(const dmap_place *a, const dmap_place *b) {
    return a->core == b->core && a->pu == b->pu && a->numa == b->numa && a->socket == b->socket &&
           a->shared == b->shared && strcmp(a->cpus, b->cpus) == 0 && strcmp(a->why, b->why) == 0;
}

static dmap_blob pack(dmap_place *places, int n) {
    dmap__packed packed;
    for (int i = 0; i < n; i++)
        places[i] = make_place();
    CU_ASSERT_FATAL(dmap__wire_pack_places(places, n, &packed));
    CU_ASSERT(packed.parts == NULL && packed.n_parts == 0);
    return (dmap_blob){packed.meta, packed.meta_size};
}

static void test_round_trip(void) {
    for (unsigned round = 0; round < unit_rounds(200); round++) {
        dmap_place places[MOST], found = {.host = "as it was", .rank = 7, .worker = 8};
        int n = (int)unit_below(MOST + 1);
        dmap_blob meta = pack(places, n);
        for (int i = 0; i < n; i++) {
            CU_ASSERT_EQUAL(dmap__wire_unpack_place(meta, i, &found), DMAP_OK);
            CU_ASSERT(is_same(&found, &places[i]));
        }
        CU_ASSERT_EQUAL(dmap__wire_unpack_place(meta, n, &found), DMAP_EMPI);
        CU_ASSERT(strcmp(found.host, "as it was") == 0 && found.rank == 7 && found.worker == 8);
        free((void *)meta.data);
    }
}

/* Bytes that end where the memory ends, so that a step too far is a fault under the sanitizer. */
static dmap_status unpack_copy(const void *data, size_t size, int worker) {
    dmap_place place;
    void *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    dmap_status status = dmap__wire_unpack_place((dmap_blob){copy, size}, worker, &place);
    CU_ASSERT(status != DMAP_OK || (strlen(place.cpus) < sizeof place.cpus && strlen(place.why) < sizeof place.why));
    free(copy);
    return status;
}

static void test_cut_off(void) {
    dmap_place places[3];
    dmap_blob meta = pack(places, 3);
    for (size_t size = 0; size < meta.size; size++)
        CU_ASSERT_EQUAL(unpack_copy(meta.data, size, 2), DMAP_EMPI);
    CU_ASSERT_EQUAL(unpack_copy(meta.data, meta.size, 2), DMAP_OK);
    free((void *)meta.data);
}

static void test_bent(void) {
    for (unsigned round = 0; round < unit_rounds(4000); round++) {
        dmap_place places[3];
        dmap_blob meta = pack(places, 3);
        ((unsigned char *)meta.data)[unit_below(meta.size)] = (unsigned char)unit_below(256);
        ((unsigned char *)meta.data)[16 + unit_below(4)] = (unsigned char)unit_below(256);
        unpack_copy(meta.data, meta.size, (int)unit_below(4));
        free((void *)meta.data);
    }
}

int main(void) {
    CU_TestInfo tests[] = {
        {"round trip", test_round_trip}, {"cut off", test_cut_off}, {"bent", test_bent}, CU_TEST_INFO_NULL};
    return unit_run("wire_place", tests);
}
