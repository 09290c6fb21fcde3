/* MPI: the only file that calls it, at the bottom of the room. A duplicate of the caller's communicator with errors
 * returned, on which messages are sent, received and tested, the few collectives of opening, and starting and ending
 * MPI for dmap_run.
 *
 * Invariants: an int count never leaves this file; once the collectives of opening are over nothing but Isend, Irecv
 * and Test is called, so nothing blocks and nothing is collective (a rank alone has no link then, and looks at MPI by
 * an Iprobe: see dmap__comm_touch). MPI's own codes become DMAP_EMPI and a sentence here; what an error means for the
 * comm is the comm's matter, what is sent when the outbox's, in what order it is handed out the inbox's. */
#include "net/link.h"

#include <limits.h>
#include <mpi.h>
#ifdef OPEN_MPI
#include <mpi-ext.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/comm.h"
#include "net/hosts.h"
#include "net/library.h"
#include "net/settings.h"

enum {
    COLLECTIVE_BYTES = 1 << 30, /* at a time */
    GATHER_BYTES = 1 << 20,     /* of a rank: more goes by broadcasts */
    DROP_TRIES = 1000           /* naps of 1 ms for a receive that has begun */
};

_Static_assert(sizeof(MPI_Request) <= sizeof(dmap__request), "an MPI_Request has room in dmap__request");
_Static_assert(MPI_MAX_PROCESSOR_NAME <= DMAP__HOST_BYTES, "MPI's host names have room");

struct dmap__link {
    MPI_Comm mpi;
    int rank, size;
    uint64_t bytes_sent, bytes_received;
    bool has_losses; /* MPI has said that a rank is lost */
};

static dmap_status check(int code, const char *what, dmap__error *error) {
    if (code == MPI_SUCCESS)
        return DMAP_OK;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return dmap__fail(error, DMAP_EMPI, "%s: %s", what, text);
}

/* An MPI that knows of lost ranks (ULFM) says so where a request has to do with one, and of each receive from any rank
 * until it is told that this is known. */
static bool is_loss(dmap__link *link, int code) {
#ifdef MPIX_FT
    int class = MPI_SUCCESS;
    MPI_Error_class(code, &class);
    bool is = class == MPIX_ERR_PROC_FAILED || class == MPIX_ERR_PROC_FAILED_PENDING;
    link->has_losses = link->has_losses || is;
    return is;
#else
    (void)link, (void)code;
    return false;
#endif
}

static bool is_openmpi(void) {
    return !strncmp(dmap__comm_library(), "Open MPI", 8);
}

/* ---- the link ---- */

static MPI_Request load(const dmap__request *request) {
    MPI_Request handle;
    memcpy(&handle, request->handle, sizeof handle);
    return handle;
}

static void store(dmap__request *request, MPI_Request handle) {
    memcpy(request->handle, &handle, sizeof handle);
}

dmap_status dmap__link_send(dmap__link *link, const void *bytes, size_t size, int to, dmap__tag tag,
                            dmap__request *request, dmap__error *error) {
    MPI_Request handle = MPI_REQUEST_NULL;
    int code = MPI_Isend(bytes, (int)size, MPI_BYTE, to, (int)tag, link->mpi, &handle);
    store(request, handle);
    if (code == MPI_SUCCESS)
        link->bytes_sent += size;
    return code == MPI_SUCCESS || is_loss(link, code) ? DMAP_OK : check(code, "sending", error);
}

dmap_status dmap__link_receive(dmap__link *link, void *bytes, size_t size, int from, dmap__tag tag,
                               dmap__request *request, dmap__error *error) {
    MPI_Request handle = MPI_REQUEST_NULL;
    int source = from == DMAP__ANY_RANK ? MPI_ANY_SOURCE : from;
    int code = MPI_Irecv(bytes, (int)size, MPI_BYTE, source, (int)tag, link->mpi, &handle);
    store(request, handle);
    return code != MPI_SUCCESS && is_loss(link, code) ? DMAP_OK : check(code, "posting a receive", error);
}

static int note_arrival(dmap__link *link, const MPI_Status *status, dmap__arrival *arrival, dmap__error *error) {
    int size = 0;
    if (check(MPI_Get_count(status, MPI_BYTE, &size), "reading a message's size", error))
        return -1;
    *arrival = (dmap__arrival){.from = status->MPI_SOURCE, .size = (size_t)size};
    link->bytes_received += (size_t)size;
    return 1;
}

int dmap__link_test(dmap__link *link, dmap__request *request, dmap__arrival *arrival, dmap__error *error) {
    MPI_Request handle = load(request);
    MPI_Status status;
    int done = 0;
    if (arrival && handle == MPI_REQUEST_NULL) /* of a rank that is lost */
        return 0;
    int code = MPI_Test(&handle, &done, arrival ? &status : MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) {
        store(request, handle);
        if (is_loss(link, code))
            return arrival ? 0 : 1;
        check(code, arrival ? "receiving" : "sending", error);
        return -1;
    }
    if (!done)
        return 0;
    store(request, handle);
    return arrival ? note_arrival(link, &status, arrival, error) : 1;
}

#ifdef MPIX_FT
int dmap__link_lost(dmap__link *link, int *ranks, int most) {
    MPI_Group lost, all;
    int n = 0, known = 0;
    if (!link->has_losses || MPIX_Comm_get_failed(link->mpi, &lost) != MPI_SUCCESS)
        return 0;
    MPI_Group_size(lost, &n);
    n = n < most ? n : most;
    MPI_Comm_group(link->mpi, &all);
    for (int i = 0; i < n; i++)
        MPI_Group_translate_ranks(lost, 1, &i, all, &ranks[i]);
    MPI_Group_free(&all);
    MPI_Group_free(&lost);
    MPIX_Comm_ack_failed(link->mpi, n, &known);
    link->has_losses = false;
    return n;
}
#else
int dmap__link_lost(dmap__link *link, int *ranks, int most) {
    (void)link, (void)ranks, (void)most;
    return 0;
}
#endif

void dmap__link_drop_send(dmap__link *link, dmap__request *request) {
    (void)link;
    MPI_Request handle = load(request);
    if (handle != MPI_REQUEST_NULL)
        MPI_Request_free(&handle);
    store(request, handle);
}

bool dmap__link_drop_receive(dmap__link *link, dmap__request *request) {
    (void)link;
    MPI_Request handle = load(request);
    int done = handle == MPI_REQUEST_NULL;
    if (!done)
        MPI_Cancel(&handle);
    for (int i = 0; !done && i < DROP_TRIES; i++) {
        if (MPI_Test(&handle, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            break;
        if (!done)
            dmap__clock_sleep(1e-3);
    }
    if (!done && handle != MPI_REQUEST_NULL)
        MPI_Request_free(&handle);
    store(request, MPI_REQUEST_NULL);
    return done;
}

/* ---- collectives ---- */

dmap_status dmap__link_agree(dmap__link *link, dmap__error *error) {
    dmap__error local = {.status = DMAP_OK};
    int mine = error->status ? link->rank : link->size;
    int lowest = link->size;
    if (check(MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, link->mpi), "agreeing", &local) == DMAP_OK) {
        if (lowest == link->size)
            return DMAP_OK;
        check(MPI_Bcast(error, (int)sizeof *error, MPI_BYTE, lowest, link->mpi), "agreeing", &local);
    }
    if (local.status)
        *error = local;
    return error->status;
}

static dmap_status bcast_from(dmap__link *link, int root, void *data, size_t size, dmap__error *error) {
    dmap_status status = DMAP_OK;
    for (size_t done = 0, now; done < size && status == DMAP_OK; done += now) {
        now = size - done < COLLECTIVE_BYTES ? size - done : COLLECTIVE_BYTES;
        status = check(MPI_Bcast((char *)data + done, (int)now, MPI_BYTE, root, link->mpi), "broadcasting", error);
    }
    return status;
}

dmap_status dmap__link_bcast(dmap__link *link, void *data, size_t size, dmap__error *error) {
    return bcast_from(link, 0, data, size, error);
}

dmap_status dmap__link_gather(dmap__link *link, const void *mine, size_t size, void *all, dmap__error *error) {
    if (size <= GATHER_BYTES) {
        int count = (int)size;
        return check(MPI_Allgather(mine, count, MPI_BYTE, all, count, MPI_BYTE, link->mpi), "gathering", error);
    }
    memcpy((char *)all + (size_t)link->rank * size, mine, size);
    dmap_status status = DMAP_OK;
    for (int root = 0; root < link->size && status == DMAP_OK; root++)
        status = bcast_from(link, root, (char *)all + (size_t)root * size, size, error);
    return status;
}

/* ---- opening and closing ---- */

static dmap_status duplicate(MPI_Comm mpi, dmap__link *link, dmap__error *error) {
    dmap_status status = check(MPI_Comm_dup(mpi, &link->mpi), "duplicating the communicator", error);
    if (status)
        return status;
    MPI_Comm_set_errhandler(link->mpi, MPI_ERRORS_RETURN);
    MPI_Comm_set_name(link->mpi, "dmap");
    MPI_Comm_rank(link->mpi, &link->rank);
    MPI_Comm_size(link->mpi, &link->size);
    return DMAP_OK;
}

/* On the caller's stack until every rank is known to have memory for it. */
dmap_status dmap__link_open(const void *mpi_comm, dmap__link **opened, dmap__error *error) {
    dmap__link link = {.bytes_sent = 0};
    if (duplicate(mpi_comm ? *(const MPI_Comm *)mpi_comm : MPI_COMM_WORLD, &link, error))
        return error->status;
    dmap__link *made = calloc(1, sizeof *made);
    if (!made)
        dmap__fail_memory(error, sizeof *made, "the communicator");
    if (dmap__link_agree(&link, error)) {
        free(made);
        MPI_Comm_free(&link.mpi);
        return error->status;
    }
    *made = link;
    *opened = made;
    return DMAP_OK;
}

void dmap__link_close(dmap__link *link, bool is_broken) {
    if (!is_broken) /* else its end may wait for a rank that is gone, or MPI have ended */
        MPI_Comm_free(&link->mpi);
    free(link);
}

int dmap__link_rank(const dmap__link *link) {
    return link->rank;
}

int dmap__link_size(const dmap__link *link) {
    return link->size;
}

dmap_status dmap__link_host(char *name, dmap__error *error) {
    int length = 0;
    return check(MPI_Get_processor_name(name, &length), "asking for the host's name", error);
}

void dmap__link_bytes(const dmap__link *link, uint64_t *sent, uint64_t *received) {
    *sent = link->bytes_sent;
    *received = link->bytes_received;
}

/* ---- MPI itself ---- */

static bool is_running(void) {
    int has_begun = 0, has_ended = 0;
    MPI_Initialized(&has_begun);
    MPI_Finalized(&has_ended);
    return has_begun && !has_ended;
}

/* Ranks that the launcher started, and MPI did not join. */
static dmap_status check_world(int expected, dmap__error *error) {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return expected > 1 && size == 1 ? dmap__comm_not_joined(expected, dmap__comm_library(), error) : DMAP_OK;
}

/* What is known before MPI is asked. Open MPI ends a process that it cannot join to the others. */
static dmap_status check_start(int expected, dmap__error *error) {
    int has_ended = 0;
    MPI_Finalized(&has_ended);
    if (has_ended)
        return dmap__fail(error, DMAP_EMPI,
                          "MPI has ended, and a program starts it once: under a launcher dmap_run is called once");
    if (is_running())
        return dmap__fail(error, DMAP_EMPI,
                          "MPI is running already: a program that calls MPI_Init opens with dmap_open, and dmap_run is "
                          "not called inside dmap_run");
    if (is_openmpi() && dmap__comm_lacks_pmi())
        return dmap__comm_not_joined(expected, dmap__comm_library(), error);
    return DMAP_OK;
}

dmap_status dmap__comm_init_mpi(int *argc, char ***argv, int expected, bool threads, dmap__error *error) {
    int provided = MPI_THREAD_SINGLE, wanted = threads ? MPI_THREAD_SERIALIZED : MPI_THREAD_FUNNELED;
    dmap_status status = check_start(expected, error);
    if (status != DMAP_OK)
        return status;
    dmap__settings_choose(dmap__comm_library());
    /* A simulator provides less than FUNNELED and is right with it: one thread calls MPI here, whatever it says. A
     * helper asks again. */
    status = check(MPI_Init_thread(argc, argv, wanted, &provided), "starting MPI", error);
    if (status == DMAP_OK)
        status = check_world(expected, error);
    if (status != DMAP_OK)
        dmap__comm_finalize_mpi();
    return status;
}

dmap_status dmap__comm_check_threads(bool is_alone, dmap__error *error) {
    int level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level);
    if (level >= (is_alone ? MPI_THREAD_SERIALIZED : MPI_THREAD_MULTIPLE))
        return DMAP_OK;
    if (!is_alone)
        return dmap__fail(error, DMAP_EUNSUPPORTED,
                          "a pool of several ranks with a helper wants MPI_THREAD_MULTIPLE beside another pool of "
                          "several ranks: ask MPI_Init_thread for it");
    return dmap__fail(
        error, DMAP_EUNSUPPORTED,
        "dmap_options.helper wants MPI_THREAD_SERIALIZED, and MPI was started with %s: ask MPI_Init_thread "
        "for it; dmap_run does if its own options say helper, or DMAP_HELPER=yes",
        level == MPI_THREAD_SINGLE ? "MPI_THREAD_SINGLE" : "MPI_THREAD_FUNNELED");
}

dmap_status dmap__comm_check(const void *mpi_comm, dmap__error *error) {
    MPI_Comm mpi = *(const MPI_Comm *)mpi_comm;
    int is_inter = 0, expected = 0;
    if (!is_running())
        return dmap__fail(error, DMAP_EINVAL,
                          "dmap_open: MPI is not running: it is called between MPI_Init and MPI_Finalize");
    if (mpi == MPI_COMM_NULL)
        return dmap__fail(error, DMAP_EINVAL, "dmap_open: the communicator is MPI_COMM_NULL");
    MPI_Comm_test_inter(mpi, &is_inter);
    if (is_inter)
        return dmap__fail(error, DMAP_EINVAL, "dmap_open: the communicator is one between two groups");
    dmap__comm_launched(&expected);
    return check_world(expected, error);
}

/* What is hung on MPI_COMM_SELF goes first when MPI ends, and may still call it. */
static int call_at_end(MPI_Comm self, int key, void *value, void *function) {
    (void)self, (void)key, (void)value;
    (*(dmap__at_end_fn *const *)function)();
    return MPI_SUCCESS;
}

void dmap__comm_at_end(dmap__at_end_fn *function) {
    static dmap__at_end_fn *hung; /* MPI ends once */
    int key = MPI_KEYVAL_INVALID;
    if (hung)
        return;
    hung = function;
    if (MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, call_at_end, &key, &hung) == MPI_SUCCESS) {
        MPI_Comm_set_attr(MPI_COMM_SELF, key, NULL);
        MPI_Comm_free_keyval(&key);
    }
}

void dmap__comm_touch(void) {
    int is_there = 0;
    if (is_running())
        MPI_Iprobe(MPI_ANY_SOURCE, DMAP__TAG_FIRST, MPI_COMM_SELF, &is_there, MPI_STATUS_IGNORE);
}

/* What failed may have ended MPI already, or never have begun it. */
void dmap__comm_finalize_mpi(void) {
    if (is_running())
        MPI_Finalize();
}

const char *dmap__comm_library(void) {
    static char name[64];
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (name[0] == '\0' && MPI_Get_library_version(text, &length) == MPI_SUCCESS)
        dmap__library_name(text, name, sizeof name);
    return name;
}
