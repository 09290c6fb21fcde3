/* A pipeline: each stage is a process that receives from the one before and sends to the next, all at once. When the
 * first has sent all it goes, and so the end runs through the others.
 * usage: pipeline */
#include <dmap/channel.h>
#include <dmap/process.h>
#include <stdio.h>

enum { STAGES = 3 };

static int run_stage(void *argument, size_t size) {
    const int stage = size == sizeof(int) ? *(const int *)argument : 0;
    dmap_channel *in, *out;
    dmap_status status;
    long n;
    if (dmap_channel_attach(3, &in) != DMAP_OK || dmap_channel_attach(4, &out) != DMAP_OK)
        return 1;
    while ((status = dmap_channel_receive(in, &n, sizeof n, -1, NULL)) == DMAP_OK) {
        n = stage % 2 ? n + 1 : 3 * n; /* triple, plus one, triple */
        if (dmap_channel_send(out, &n, sizeof n, -1) != DMAP_OK)
            return 1;
    }
    dmap_channel_close(out);
    dmap_channel_close(in);
    return status != DMAP_END;
}

int main(int argc, char **argv) {
    dmap_channel *first, *in, *next_in, *out;
    dmap_process *children[STAGES] = {NULL};
    long n;
    dmap_prefork(&argc, &argv);
    if (dmap_channel_open(1 << 12, &in, &first) != DMAP_OK)
        return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
    for (int i = 0; i < STAGES; i++) {
        if (dmap_channel_open(1 << 12, &next_in, &out) != DMAP_OK)
            return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
        const int fds[] = {dmap_channel_fd(in), dmap_channel_fd(out)};
        const dmap_process_options what = {
            .run = run_stage, .argument = &i, .argument_size = sizeof i, .daemon = true, .fds = fds, .n_fds = 2};
        if (dmap_process_open(&what, &children[i]) != DMAP_OK || dmap_process_start(children[i]) != DMAP_OK)
            return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
        dmap_channel_close(in);
        dmap_channel_close(out);
        in = next_in;
    }
    for (long i = 1; i <= 5; i++)
        dmap_channel_send(first, &i, sizeof i, -1);
    dmap_channel_close(first);
    while (dmap_channel_receive(in, &n, sizeof n, -1, NULL) == DMAP_OK)
        printf("%ld\n", n);
    for (int i = 0; i < STAGES; i++)
        if (dmap_process_join(children[i], -1) == DMAP_OK)
            dmap_process_close(children[i]);
    dmap_channel_close(in);
    return 0;
}
