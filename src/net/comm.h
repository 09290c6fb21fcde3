/* Messages between ranks. mpi.c is the only file that calls MPI; this header shows no MPI type but the handle given
 * to dmap__comm_open, passed by address, so that no other file includes <mpi.h>.
 *
 * A message is a fixed head, a `meta` part and a `data` part, of any 64-bit size. What fits travels in one MPI message;
 * the rest follows in fragments of a fixed size, received straight into their place. Between two ranks messages arrive
 * in the order they were sent. Nothing here blocks, but the functions marked collective, which belong to opening.
 * FUNNELED: every function is called by the thread that opened the comm. */
#ifndef DMAP_NET_COMM_H
#define DMAP_NET_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dmap/dmap.h>

#include "base/bell.h"
#include "base/cross_memory.h"
#include "base/error.h"
#include "net/message.h"

typedef struct dmap__comm dmap__comm;

/** Opens on a duplicate of *(MPI_Comm *)mpi_comm; every rank learns every host's name.
 *  Called by: collective. Returns the same on every rank, DMAP_EMPI or DMAP_ENOMEM with a sentence in error. */
dmap_status dmap__comm_open(const void *mpi_comm, dmap__comm **comm, dmap__error *error);
/** Ends it: waits until what was sent has left (as long as the peers receive it), cancels the receives. Frees
 *  the duplicate. comm may be NULL. Called by: every rank. */
void dmap__comm_close(dmap__comm *comm);
/** The part of that which is about memory of others: after it nothing is sent, received or written to it any more. Its
 *  bell and the names of hosts are there until dmap__comm_close. */
void dmap__comm_end(dmap__comm *comm);

int dmap__comm_rank(const dmap__comm *comm);
int dmap__comm_size(const dmap__comm *comm);
/** Of a rank: its host's name; how many ranks its host has, and the lowest of them. */
const char *dmap__comm_host(const dmap__comm *comm, int rank);
int dmap__comm_node_size(const dmap__comm *comm, int rank);
int dmap__comm_node_leader(const dmap__comm *comm, int rank);

/** The bell of this rank, as long as comm: rung by ranks of this host that have sent it something. */
dmap__bell *dmap__comm_bell(dmap__comm *comm);
/** True if whoever sends to this rank (the master; to the master, all) rings its bell: then there is nothing to look
 *  for while it is silent, but for the rest of what has begun to arrive. Cost: O(ranks) on the master. */
bool dmap__comm_is_rung(const dmap__comm *comm);

/** How this rank reads and writes the memory of the master, which runs on the same host; NULL: it cannot. Any thread
 *  may use it, as long as comm. */
const dmap__cross_memory *dmap__comm_reach(const dmap__comm *comm);
/** Master: true if that rank can read and write its memory. */
bool dmap__comm_is_reached_by(const dmap__comm *comm, int rank);
/** Master: no rank writes to its memory any more. Blocks while one does, for 10 s at most (one that was stopped in the
 *  midst of it, for longer than that, may still do so when it goes on). */
void dmap__comm_close_gates(dmap__comm *comm);

/** Collective, before dmap__comm_start: rank 0's bytes go to all; `size` may be above 2 GiB. */
dmap_status dmap__comm_bcast(dmap__comm *comm, void *data, size_t size, dmap__error *error);
/** Collective, before dmap__comm_start: an equal number of bytes from each rank, to all, in rank order. */
dmap_status dmap__comm_gather(dmap__comm *comm, const void *mine, size_t size, void *all, dmap__error *error);
/** Collective, before dmap__comm_start: if error->status of any rank is not DMAP_OK, all get status and text of the
 *  lowest such rank. Returns that status. */
dmap_status dmap__comm_agree(dmap__comm *comm, dmap__error *error);

/** Posts the receives: messages may be sent and polled from here on. Not collective. place may be NULL. */
dmap_status dmap__comm_start(dmap__comm *comm, dmap__place_fn *place, void *arg, dmap__error *error);

/** Sends head, meta and the data parts, one after the other as one data part. Never blocks.
 *  head:    copied; meta_size and data_size are filled in
 *  meta, parts[].data: borrowed until sent(arg) is called (from dmap__comm_send, _poll or _close, exactly once,
 *           also when sending failed); the parts array itself is copied
 *  sent:    may be NULL
 *  Returns: DMAP_OK, DMAP_ENOMEM (nothing was sent, sent was not called), DMAP_EMPI */
dmap_status dmap__comm_send(dmap__comm *comm, int to, const dmap__head *head, const void *meta, size_t meta_size,
                            const dmap_blob *parts, size_t n_parts, void (*sent)(void *arg), void *arg,
                            dmap__error *error);

/** Moves what is under way and gives the next whole message.
 *  Returns: 1 with *message, to be released before the next poll; 0 nothing now; -1 with error set (DMAP_EMPI,
 *  DMAP_ENOMEM) */
int dmap__comm_poll(dmap__comm *comm, dmap__message *message, dmap__error *error);
void dmap__comm_release(dmap__comm *comm, dmap__message *message);

/** A rank that is lost, as this host or MPI knows: the master of any, others of the master; -1: none that is new. why:
 *  a sentence's end. Cost: now and then a system call for each other rank of the host. */
int dmap__comm_next_lost(dmap__comm *comm, double now, const char **why);
/** A rank is lost: what is under way to it and from it is dropped, and it writes to this memory no more: if it has
 *  begun to, and does not end, its process is ended. Nothing is sent to it any more, and nothing of it is polled. */
void dmap__comm_lose(dmap__comm *comm, int rank);
/** A lost rank that has sent something all the same, since this was last asked; -1: none. */
int dmap__comm_late(dmap__comm *comm);
/** Sends a last word, without data, to a rank that is lost. */
void dmap__comm_dismiss(dmap__comm *comm, int rank, const dmap__head *head);
/** True if messages are being sent or received in parts: poll soon. */
bool dmap__comm_is_busy(const dmap__comm *comm);
/** Bytes sent and received so far. */
void dmap__comm_bytes(const dmap__comm *comm, uint64_t *sent, uint64_t *received);

/* ---- MPI itself ---- */

/** True if a launcher's environment says that this process is one of several, or of one, to be joined by MPI; *size: of
 *  how many (0: it does not say). Reads the environment only. */
bool dmap__comm_launched(int *size);
/** True if the launcher is a srun that started several tasks and told them of no PMI. Reads the environment only. */
bool dmap__comm_lacks_pmi(void);
/** Fails: MPI has not joined the processes that the launcher started. Returns DMAP_EMPI */
dmap_status dmap__comm_not_joined(int expected, const char *library, dmap__error *error);
/** MPI_Init_thread, for dmap_run. On failure MPI is not running, or was before.
 *  expected: what dmap__comm_launched said
 *  threads:  more threads than this one are to call MPI, one at a time: MPI_THREAD_SERIALIZED is asked for
 *  Returns:  DMAP_OK, DMAP_EMPI (it runs, or ran, already; the launcher started several and MPI found one) */
dmap_status dmap__comm_init_mpi(int *argc, char ***argv, int expected, bool threads, dmap__error *error);
/** DMAP_OK if several threads may call MPI: one at a time if a pool is_alone, else together. Otherwise
 *  DMAP_EUNSUPPORTED, with a sentence. */
dmap_status dmap__comm_check_threads(bool is_alone, dmap__error *error);
/** Opens on MPI_COMM_WORLD. As dmap__comm_open. */
dmap_status dmap__comm_open_world(dmap__comm **comm, dmap__error *error);
/** Ends MPI, if it runs. */
void dmap__comm_finalize_mpi(void);
/** Whether a user's *(MPI_Comm *)mpi_comm can be opened, as far as this rank alone can tell: before dmap__comm_open,
 *  which MPI may answer by ending the program.
 *  Returns: DMAP_OK, DMAP_EINVAL (MPI is not running, no communicator), DMAP_EMPI (as in dmap__comm_init_mpi) */
dmap_status dmap__comm_check(const void *mpi_comm, dmap__error *error);
/** Has a function called when the program ends MPI, before anything of MPI has ended: the first that is given here. */
typedef void dmap__at_end_fn(void);
void dmap__comm_at_end(dmap__at_end_fn *function);
/** Lets MPI look around, if it runs. A rank without a comm calls this now and then: Open MPI 5 notices that its
 *  launcher has died, and ends the process, only inside its own functions. Cost: a microsecond. */
void dmap__comm_touch(void);
/** "Open MPI v4.1.4", "MPICH 4.0.2", for `--version` and benches. May be asked before MPI runs. */
const char *dmap__comm_library(void);

#endif
