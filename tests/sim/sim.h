/* The simulator of the plan: made-up ranks, item times, latencies and failures around the very code of src/plan. */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/heap.h"
#include "plan/plan.h"

typedef enum sim_load {
    SIM_UNIFORM,
    SIM_EXPONENTIAL,
    SIM_PARETO,
    SIM_SORTED_UP,
    SIM_SORTED_DOWN,
    SIM_ONE_LONG,
    SIM_HALF_SPEED,
    SIM_LOADS
} sim_load;

/* One run, made from a seed (or by the table). */
typedef struct sim_case {
    uint64_t seed;
    uint64_t state; /* of the random numbers */
    int ranks;
    int *workers;
    double *slowness; /* of each rank; 1 or more */
    uint64_t items;
    sim_load load;
    double mean_s, latency_s;
    double message_s;     /* that the master's thread takes for each message it gets or sends; 0: none */
    double *link_s;       /* that each rank's link takes for an item's result, one after the other; NULL: no time */
    double copy_s;        /* that the master's thread takes for an item's result of another rank */
    double *times;        /* of items, on a rank of slowness 1 */
    uint32_t *bytes;      /* of results; NULL: none */
    uint8_t *fail;        /* attempts of each item that fail; NULL: none. 255: all */
    bool stream;          /* the plan does not know the count */
    bool scant;           /* the source offers less than is wanted, at random */
    bool plain;           /* nothing but work: its time is checked */
    bool slow_sink;       /* pieces are released later, in parts */
    double limit_at_s;    /* < 0: never */
    uint64_t limit;       /* at that time */
    double drain_at_s;    /* < 0: never */
    bool hesitates;       /* the source has nothing now and then */
    double *dies_s;       /* of each rank: when it ends, ... */
    double *stops_s;      /* or stops, */
    double *resumes_s;    /* and goes on; INFINITY: never */
    double notice_s;      /* how long the master takes to notice that a rank is silent; NULL above: none is ever */
    uint64_t killer;      /* an item that ends the rank where it begins, but for rank 0; UINT64_MAX: none */
    double progress_s;    /* how long after its start a lease reports progress; 0: never */
    dmap__call_spec spec; /* retries, stop */
    dmap__plan_config config;
    /* What came of it. */
    double busy_s;     /* of the master's thread */
    uint64_t messages; /* that it got and sent */
} sim_case;

typedef enum sim_kind {
    SIM_GRANT,     /* to a rank: begin, end */
    SIM_RECALL,    /* to a rank: begin is `want` */
    SIM_LIMIT,     /* to a rank: begin */
    SIM_LEASE_END, /* of a rank with itself: begin is the version */
    SIM_REPORT_DUE,
    SIM_DIES, /* a rank: begin is the version of the lease that does it; 0: of itself */
    SIM_STOPS,
    SIM_DONE,     /* to the master: begin, end: what was run; seconds: busy */
    SIM_RETURNED, /* to the master: begin, end */
    SIM_PROGRESS, /* to the master: begin is the number */
    SIM_RELEASE,  /* of the master with itself: begin is bytes */
    SIM_LOST,     /* of the master with itself: a rank is silent */
    SIM_LIMIT_NOW,
    SIM_DRAIN_NOW,
    SIM_TICK
} sim_kind;

typedef struct sim_event {
    uint64_t key; /* time: the bits of a double that is not negative sort as an integer */
    sim_kind kind;
    int rank;
    uint32_t lease;
    int attempt;
    uint64_t begin, end;
    double seconds;
    bool served; /* the master's thread has had its time for it */
} sim_event;

typedef struct sim_lease {
    uint32_t id;
    int attempt;
    uint64_t begin, end;
    double arrival_s, end_s, busy_s, killer_s;
    uint64_t version;
    double before[]; /* when each worker was free before it: a heap */
} sim_lease;

typedef struct sim_rank {
    int workers;
    double slowness;
    double *free_s;    /* when each worker is free: a heap */
    sim_lease **order; /* out, the earlier first */
    int n_order, order_capacity;
    double to_rank_s, to_master_s; /* last arrivals: messages keep their order */
    bool is_dead;
    double stopped_until_s;
    bool is_lost;       /* to the master: what it sends is not looked at */
    double link_free_s; /* when its link is, with the results that it was given */
} sim_rank;

typedef struct sim_world {
    sim_case *c;
    dmap__heap events;
    double now;
    sim_rank *ranks;
    double *memory; /* of the ranks' heaps */
    dmap__plan *plan;
    size_t busy_events; /* other than ticks */
    double free_s;      /* when the master's thread is, with what has come */
    uint64_t versions;

    /* ledger, kept independently of the plan */
    uint8_t *attempts; /* of each item, run so far */
    uint8_t *ended;    /* in a piece */
    uint8_t *delivered;
    int *out_at;     /* rank that has it, and 1; 0: none */
    uint8_t *losses; /* ranks that were lost with it */
    uint64_t blamed; /* the lowest that was; UINT64_MAX: none */
    int killed;      /* ranks, by the killer */
    uint64_t head;   /* ordered: next position to be delivered */
    uint64_t held, pending, offered, granted, held_bound;
    double piece_bytes, piece_items;
    bool drained;
    bool has_none_now; /* the source */
    bool is_due;       /* what was offered last, to be granted */
    double makespan_s;
    char failure[256]; /* "" if none */
    bool verbose;
} sim_world;

/* sim_random.c */
uint64_t sim_random(uint64_t *state);
/** 0 to n - 1. */
uint64_t sim_below(uint64_t *state, uint64_t n);
/** 0 to 1, never 1. */
double sim_unit(uint64_t *state);
bool sim_chance(uint64_t *state, double probability);

/* sim_case.c */
/** Makes the case of a seed; false if memory is out. */
bool sim_case_make(sim_case *c, uint64_t seed);
/** Item times for c->load, c->mean_s, c->items; false if memory is out. */
bool sim_case_times(sim_case *c);
/** c->ranks ranks of so many workers; one at half speed if the load says so. */
bool sim_case_ranks(sim_case *c, int most_workers, bool mixed);
void sim_case_fini(sim_case *c);
const char *sim_load_name(sim_load load);
const char *sim_schedule_name(dmap_schedule schedule);
/** max(work / speed of all workers, longest item). */
double sim_case_bound(const sim_case *c);

/* sim_rank.c */
/** An event at a rank. */
void sim_rank_event(sim_world *w, const sim_event *event);
/** Frees what is still out. */
void sim_rank_fini(sim_rank *r);

/* sim_lost.c */
/** Draws who dies or stops, and when; false if memory is out. */
bool sim_lost_make(sim_case *c);
/** Posts what was drawn. */
void sim_lost_post(sim_world *w);
/** A rank dies or stops. */
void sim_lost_rank_event(sim_world *w, const sim_event *event);
/** False: nothing happens at the rank now; its event comes later, or never. */
bool sim_lost_is_awake(sim_world *w, const sim_event *event);
/** The master takes the rank for lost. */
void sim_lost_declare(sim_world *w, int rank);
/** The ledger of what is out: a grant, and what was returned or done. */
void sim_lost_granted(sim_world *w, const dmap__step *step);
void sim_lost_back(sim_world *w, uint64_t begin, uint64_t end);
/** After the end: only what had to was blamed. */
void sim_lost_verify(sim_world *w);

/* sim_world.c */
void sim_post(sim_world *w, double at_s, sim_event event);
/** By message, with latency, in order. */
void sim_send_to_rank(sim_world *w, sim_event event);
void sim_send_to_master(sim_world *w, sim_event event);
/** Runs a case to its end and checks it: "" or what went wrong in failure. */
void sim_run(sim_case *c, bool verbose, char failure[256], double *makespan_s);

/* sim_master.c */
void sim_master_event(sim_world *w, const sim_event *event);
/** Does all that the plan asks for now. */
void sim_master_turn(sim_world *w);
void sim_fail(sim_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* sim_verify.c */
/** After the end: everything done once, in order, and as a serial loop would. */
void sim_verify_end(sim_world *w);
/** The window's bounds, at a fresh grant of so many items (counted already) and at any time. */
void sim_verify_grant(sim_world *w, uint64_t size, int workers);
void sim_verify_held(sim_world *w);

/* sim_table.c */
/** message_s: what each message costs the master's thread, in the second table. */
int sim_table(double message_s);

/* sim_saturation.c */
/** The table of what the master's thread is busy with; returns how many of its runs failed. */
int sim_saturation(double message_s);

/* sim_links.c */
/** The table of slow links; returns how many of its runs failed. */
int sim_links(void);

#endif
