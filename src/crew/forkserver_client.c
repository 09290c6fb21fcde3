/* One server a process: this file holds which. It cannot hang on a handle, as the server must exist before there is
 * any. */
#include "crew/forkserver_client.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew/process_system.h"

dmap__forkserver_client dmap__forkserver_ours = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = -1};

static dmap__forkserver_client *const client = &dmap__forkserver_ours;

bool dmap__forkserver_is_made(void) {
    return client->owner == getpid();
}

/* It may have been stopped (SIGSTOP): then it goes on, to its end. */
void dmap__forkserver_drop(void) {
    dmap__close_one(&client->socket);
    kill(client->server, SIGCONT);
    while (waitpid(client->server, NULL, 0) < 0 && errno == EINTR)
        ;
}

void dmap__forkserver_close(void) {
    pthread_mutex_lock(&client->lock);
    if (dmap__forkserver_is_made()) {
        if (client->socket >= 0)
            dmap__forkserver_drop();
        client->owner = 0;
    }
    pthread_mutex_unlock(&client->lock);
}

void dmap__forkserver_forget(char **argv) {
    pthread_mutex_init(&client->lock, NULL);
    client->owner = 0;
    client->socket = -1;
    client->is_child = true;
    client->argv = argv;
}

char **dmap__forkserver_argv(void) {
    return client->argv;
}
