/* Puts the output of jobs in the order of the input: the job whose turn it is is written as its output comes, the
 * others are held until it is theirs. */
#ifndef DMAP_APPS_RUN_OUTPUT_ORDER_H
#define DMAP_APPS_RUN_OUTPUT_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/output/buffer.h"
#include "run/output/print.h"

/** One job's place in the order. The order's own; freed when the job has been written or dropped. */
typedef struct run_entry {
    struct run_entry *previous, *next;
    char *tag;     /* begins its lines; NULL: none */
    run_text row;  /* of a table: its columns up to the outputs; made when it ends */
    run_text tail; /* and those behind them */
    bool is_live;  /* what it sends is final: it may be written before its end */
    bool has_ended;
    bool inside[2]; /* the last line written of a stream has not ended */
    run_buffer output[2];
} run_entry;

typedef struct run_order run_order;
/** Writes one whole job, instead of printing it. Returns false to stop. */
typedef bool run_whole_fn(void *arg, run_store *store, const run_entry *entry);

struct run_order {
    run_entry *first, *last;
    uint64_t count;
    bool unordered; /* a job's turn is when it ends */
    bool lines;     /* all output is written as it comes */
    run_printer *printer;
    run_whole_fn *whole; /* NULL: print */
    void *whole_arg;
    run_store store;
};

/** Returns false if memory is out. budget: bytes held in memory. */
bool run_order_init(run_order *order, run_printer *printer, size_t budget);
void run_order_fini(run_order *order);

/** A job's place is after those begun before. tag: copied. Returns NULL if memory is out. */
run_entry *run_order_begin(run_order *order, const char *tag);
/** Some of its output; stream: 0 or 1. Returns false if it could be neither written nor held: see the printer, then
 *  store.spool.error. */
bool run_order_add(run_order *order, run_entry *entry, int stream, const void *data, size_t size);
/** What it has sent is not to be written after all: it will be run again. */
void run_order_reset(run_order *order, run_entry *entry);
/** What it has sent so far is written in its turn as that of a job of its own, with these columns, which become the
 *  order's. Returns false if that could not be written, or memory is out. */
bool run_order_split(run_order *order, run_entry *entry, run_text row, run_text tail);
/** From now on what it sends is final. */
bool run_order_go_live(run_order *order, run_entry *entry);
/** It has ended; entry is the order's to free. */
bool run_order_end(run_order *order, run_entry *entry);
/** It is not to be written. */
bool run_order_drop(run_order *order, run_entry *entry);

#endif
