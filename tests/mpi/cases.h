/* A case: one map with every choice written down. case_task.c has the tasks, and what they share with the model;
 * case_model.c a plain loop's answer, case_run.c the map and its comparison. */
#ifndef DMAP_TESTS_CASES_H
#define DMAP_TESTS_CASES_H

#include "harness.h"

#define ALWAYS      1000000 /* attempts that fail */
#define NEVER       UINT64_MAX
#define RANGE_BEGIN 1000 /* dmap_range starts there: index and item differ */

typedef enum case_source { SOURCE_ARRAY, SOURCE_BLOBS, SOURCE_RANGE, SOURCE_PULL, SOURCES } case_source;
typedef enum case_sink {
    SINK_INTO,
    SINK_COLLECT,
    SINK_ORDERED,
    SINK_UNORDERED,
    SINK_FOLD,
    SINK_DISCARD,
    SINKS
} case_sink;

/** What every worker is told, by dmap_share. Plain bytes, compared with memcmp: no gaps. */
typedef struct world {
    uint64_t key;         /* results depend on it */
    uint64_t fail_key;    /* for failures at random */
    uint64_t fail_at[4];  /* these items fail; NEVER: unused */
    uint32_t fail_times;  /* ... on so many attempts */
    uint32_t fail_one_in; /* at random one item in so many fails, on 1, 2, 3 or all attempts; 0: none */
    uint32_t is_range;    /* run_batch has the first item only */
    uint32_t burn_ns;     /* items take 0 to this, by hash */
    uint32_t slow_rank;   /* ... and this one's ten times that; 0: none */
    uint32_t unused;
} world;

typedef struct test_case {
    case_source source;
    case_sink sink;
    bool variable_items, variable_results, batch, cost;
    uint64_t count;
    uint64_t source_fails_at; /* SOURCE_PULL: instead of this item; NEVER */
    uint64_t sink_stops_at;   /* the call of the function that returns non-zero; NEVER */
    dmap_map_options options;
    world world;
} test_case;

/** A result of fixed size: the map x -> a * x + b modulo 2^64. Maps do not commute. */
typedef struct affine {
    uint64_t a, b;
} affine;

/** *into, then *from. */
void affine_combine(void *into, const void *from);

/** A case of this kind with everything else at its default. */
test_case case_of(case_source source, case_sink sink, uint64_t count);
/** False if the API has no such map (dmap_array of variable items …). */
bool case_is_possible(const test_case *c);
/** All of it in one line. */
void case_describe(const test_case *c, char *text, size_t size);
/** Runs it and compares with the model; prints what differs. Returns true if nothing does. */
bool case_run(const test_case *c);

/* ---- what tasks and model share ---- */

/** Attempts at this item that fail. */
uint32_t world_fails(const world *w, uint64_t index);
/** What a failing task returns. */
int world_code(uint64_t index);
/** A failing task says a sentence. */
bool world_says(uint64_t index);
/** The key of an item's result. */
uint64_t world_key(const world *w, uint64_t index, uint64_t seed, const void *item, size_t size);
affine affine_of(uint64_t key);
/** Bytes of a variable result. */
size_t size_of(uint64_t key);

/** The task for this case. */
const dmap_task *case_task(const test_case *c);

/* ---- the model ---- */

typedef struct case_items {
    uint64_t *numbers; /* fixed items */
    dmap_blob *blobs;
    unsigned char *bytes;
} case_items;

void case_items_make(const test_case *c, case_items *items);
void case_items_free(case_items *items);

/** One item's end as a serial loop has it. */
typedef struct expected {
    uint64_t key;
    bool failed;
    int attempt;
} expected;

typedef struct case_model {
    uint64_t count;        /* items that the source gives */
    uint64_t first_failed; /* NEVER: none */
    uint64_t failed, retried;
    expected *items;
} case_model;

void case_model_make(const test_case *c, const case_items *items, case_model *model);

#endif
