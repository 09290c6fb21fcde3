/* A producer and several consumers: one channel of work, which the producer fills as far as it goes and each consumer
 * takes from when it is free, and one of results. The work has its end when the producer closes it, the results have
 * theirs when the last consumer is gone.
 * usage: consumers */
#include <dmap/channel.h>
#include <dmap/process.h>
#include <stdio.h>

enum { CONSUMERS = 3, ITEMS = 1000 };

static int consume(void *argument, size_t size) {
    dmap_channel *work, *results;
    long n;
    (void)argument, (void)size;
    if (dmap_channel_attach(3, &work) != DMAP_OK || dmap_channel_attach(4, &results) != DMAP_OK)
        return 1;
    while (dmap_channel_receive(work, &n, sizeof n, -1, NULL) == DMAP_OK) {
        n *= n;
        if (dmap_channel_send(results, &n, sizeof n, -1) != DMAP_OK)
            return 1;
    }
    dmap_channel_close(work);
    dmap_channel_close(results);
    return 0;
}

int main(int argc, char **argv) {
    dmap_channel *work_in, *work, *results, *results_out;
    dmap_process *children[CONSUMERS] = {NULL};
    long sum = 0, square;
    dmap_prefork(&argc, &argv);
    if (dmap_channel_open(1 << 10, &work_in, &work) != DMAP_OK ||
        dmap_channel_open(16 * ITEMS, &results, &results_out) != DMAP_OK) /* all, as they are taken at the end */
        return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
    const int fds[] = {dmap_channel_fd(work_in), dmap_channel_fd(results_out)};
    const dmap_process_options what = {.run = consume, .daemon = true, .fds = fds, .n_fds = 2};
    for (int i = 0; i < CONSUMERS; i++)
        if (dmap_process_open(&what, &children[i]) != DMAP_OK || dmap_process_start(children[i]) != DMAP_OK)
            return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
    dmap_channel_close(work_in); /* what only the children are to have */
    dmap_channel_close(results_out);
    for (long i = 0; i < ITEMS; i++)
        if (dmap_channel_send(work, &i, sizeof i, -1) != DMAP_OK) /* waits while the consumers are behind */
            return fprintf(stderr, "nobody takes item %ld\n", i), 1;
    dmap_channel_close(work);
    while (dmap_channel_receive(results, &square, sizeof square, -1, NULL) == DMAP_OK)
        sum += square;
    printf("%d consumers: the squares of %d numbers come to %ld\n", CONSUMERS, ITEMS, sum);
    for (int i = 0; i < CONSUMERS; i++)
        if (dmap_process_join(children[i], -1) == DMAP_OK)
            dmap_process_close(children[i]);
    dmap_channel_close(results);
    return 0;
}
