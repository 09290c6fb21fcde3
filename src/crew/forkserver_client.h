/* Which fork server this process has. For what makes and asks it (forkserver.c), and for children, which have none. */
#ifndef DMAP_CREW_FORKSERVER_CLIENT_H
#define DMAP_CREW_FORKSERVER_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/** Ends the server, and its daemons, and waits for that. Does nothing if there is none. */
void dmap__forkserver_close(void);
/** In a new child: it has no server, but may make one. argv: as in dmap__forkserver_open. */
void dmap__forkserver_forget(char **argv);
/** The program's argv, as it was given; NULL if it was not. */
char **dmap__forkserver_argv(void);

/* ---- for forkserver.c ---- */

typedef struct dmap__forkserver_client {
    pthread_mutex_t lock; /* guards all below, and the use of the socket */
    pid_t owner;          /* the process whose server it is; 0: none was made */
    pid_t server;
    int socket;    /* -1 once it was lost or closed */
    bool is_child; /* of another dmap process: may make a server at any time */
    char **argv;
    dmap__error refused; /* why none could be made */
} dmap__forkserver_client;

extern dmap__forkserver_client dmap__forkserver_ours;

/** True if this process has made one, also if that was lost. With the lock. */
bool dmap__forkserver_is_made(void);
/** Lets go of a server that is there, and waits until it has ended. With the lock. */
void dmap__forkserver_drop(void);

#endif
