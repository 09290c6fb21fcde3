/* A channel between processes (Python's Queue): a child sends messages of any size, the parent receives them. When the
 * child has ended the channel is at its end, however the child came to its own.
 * usage: channel */
#include <dmap/channel.h>
#include <dmap/process.h>
#include <stdio.h>
#include <string.h>

static int talk(void *argument, size_t size) {
    const char *const words[] = {"a channel", "is a queue", "with an end"};
    dmap_channel *out;
    (void)argument, (void)size;
    if (dmap_channel_attach(3, &out) != DMAP_OK) /* the first descriptor that it was given */
        return 1;
    for (int i = 0; i < 3; i++)
        if (dmap_channel_send(out, words[i], strlen(words[i]), -1) != DMAP_OK)
            return 1;
    dmap_channel_close(out);
    return 0;
}

int main(int argc, char **argv) {
    dmap_channel *in = NULL, *out = NULL;
    dmap_process *child = NULL;
    char text[64];
    size_t size;
    dmap_prefork(&argc, &argv);
    if (dmap_channel_open(1 << 16, &in, &out) != DMAP_OK)
        return fprintf(stderr, "%s\n", dmap_error(NULL)), 1;
    const int fds[] = {dmap_channel_fd(out)};
    const dmap_process_options what = {.run = talk, .daemon = true, .fds = fds, .n_fds = 1};
    dmap_status status = dmap_process_open(&what, &child);
    status = status == DMAP_OK ? dmap_process_start(child) : status;
    dmap_channel_close(out); /* only the child sends now, so its end is that of the channel */
    while (status == DMAP_OK && (status = dmap_channel_receive(in, text, sizeof text, -1, &size)) == DMAP_OK)
        printf("%.*s\n", (int)size, text);
    if (status == DMAP_END && dmap_process_join(child, -1) == DMAP_OK)
        printf("end\n");
    else
        fprintf(stderr, "%s\n", dmap_error(NULL));
    dmap_process_close(child);
    dmap_channel_close(in);
    return status != DMAP_END;
}
