/* The simulator of calls in flight: made-up calls come to made-up branches and leave, around the very code of the fleet
 * and of the calls' plans. Time and shares are held against the fluid bound: all workers are one, and each call has its
 * part of it by weight, at any moment (Parekh, Gallager: A generalized processor sharing approach, 1993). */
#ifndef SIM_FLIGHT_H
#define SIM_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/heap.h"
#include "plan/plan.h"

typedef struct flight_call {
    uint32_t task, weight;
    uint64_t items;
    double item_s; /* mean time of an item on a branch that is not slow: uniform, 0.5 to 1.5 times that */
    double arrives_s, leaves_s;
    bool gone; /* it has left, and is not to be measured */
    /* What came of it. */
    dmap__plan *plan; /* while it runs */
    dmap__fleet_share share;
    bool is_limited;
    uint64_t ended, returned; /* items that ran; positions that were recalled */
    double had_s;             /* of workers */
    double sampled_s;         /* had_s, at c->sample_s */
    double ended_s;           /* when */
    double fluid_ended_s;
    double fluid_sampled_s;
} flight_call;

typedef struct flight_case {
    uint64_t seed, state; /* of the random numbers */
    int branches, *workers;
    double *slowness; /* of each branch; 1 or more */
    double latency_s;
    int n_calls;
    flight_call *calls;
    double *lost_s;  /* when each branch is taken for lost, though it goes on; NULL: none is */
    double sample_s; /* when what each call has had is looked at; 0: never */
    /* What came of it. */
    double makespan_s, fluid_s;
    uint64_t chunks;
    char failure[256]; /* "" if none */
} flight_case;

typedef enum flight_kind {
    FLIGHT_GRANT,  /* to a branch: begin, end */
    FLIGHT_RECALL, /* to a branch: begin is `want` */
    FLIGHT_LIMIT,  /* to a branch: begin */
    FLIGHT_BATCH,  /* of a branch with itself: a worker has ended [begin, end) */
    FLIGHT_REPORT, /* of a branch with itself */
    FLIGHT_DONE,   /* to the master: begin, end: what was run; seconds: busy */
    FLIGHT_RETURNED,
    FLIGHT_PROGRESS, /* to the master: begin is the number */
    FLIGHT_ARRIVES,
    FLIGHT_LEAVES,
    FLIGHT_SAMPLE,
    FLIGHT_LOST, /* of the master: a branch */
    FLIGHT_ROUND /* of the master */
} flight_kind;

typedef struct flight_event {
    uint64_t key; /* time: the bits of a double that is not negative sort as an integer */
    flight_kind kind;
    int branch, call;
    uint32_t lease;
    uint64_t begin, end;
    double seconds;
} flight_event;

/* A lease at its branch. */
typedef struct flight_grant {
    int call;
    uint32_t lease;
    uint64_t begin, next, end; /* next: not begun */
    uint64_t ended;
    double busy_s;
} flight_grant;

typedef struct flight_crew {
    int workers, idle;
    double slowness;
    flight_grant *grants; /* the oldest first */
    int n_grants, capacity;
    bool reports, is_lost;
    double to_branch_s, to_master_s; /* last arrivals: messages keep their order */
} flight_crew;

/* What a branch knows of a call: see src/crew/board_calls.c. */
typedef struct flight_account {
    double had_s; /* over its weight */
    int grants;
} flight_account;

typedef struct flight_world {
    flight_case *c;
    dmap__fleet *fleet;
    dmap__heap events;
    double now;
    flight_crew *crews;
    flight_account *accounts; /* by branch, then call */
    int running, to_come;     /* calls */
    double round_s;           /* when the next one is; INFINITY: none is due */
} flight_world;

/* sim_flight_world.c */
/** Runs a case to its end: "" or what went wrong in c->failure. */
void flight_run(flight_case *c);
void flight_post(flight_world *w, double at_s, flight_event event);
void flight_send_to_branch(flight_world *w, flight_event event);
void flight_send_to_master(flight_world *w, flight_event event);
void flight_fail(flight_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* sim_flight_master.c */
void flight_master_event(flight_world *w, const flight_event *event);

/* sim_flight_crew.c */
void flight_crew_event(flight_world *w, const flight_event *event);
/** Time of an item on a branch that is not slow. */
double flight_item_s(const flight_case *c, int call, uint64_t item);

/* sim_flight_fluid.c */
/** Fills in what the fluid bound says of the case. */
void flight_fluid(flight_case *c);
/** When the calls were sampled: the part of what they should have had, by the fluid bound, that they had; ... */
double flight_share(const flight_case *c);
/** ... and Jain's index over what they had, by weight. */
double flight_jain(const flight_case *c);

#endif
