/* Processes by hand (Python's Process): a function in a child, and a command with its output in a pipe. Neither needs a
 * pool, or MPI.
 * usage: processes */
#include <dmap/process.h>
#include <stdio.h>
#include <unistd.h>

static int greet(void *argument, size_t size) {
    printf("hello %.*s\n", (int)size, (const char *)argument);
    return 7;
}

/* Runs it to its end. Returns its exit code, or -1000. */
static int run(const dmap_process_options *options) {
    dmap_process *process = NULL;
    int code = -1000;
    if (dmap_process_open(options, &process) != DMAP_OK || dmap_process_start(process) != DMAP_OK ||
        dmap_process_join(process, -1) != DMAP_OK || dmap_process_exit_code(process, &code) != DMAP_OK)
        fprintf(stderr, "%s\n", dmap_error(NULL));
    dmap_process_close(process);
    return code;
}

int main(int argc, char **argv) {
    int pipes[2];
    char text[64] = "";
    dmap_prefork(&argc, &argv); /* first of all: children start from here */
    int code = run(&(dmap_process_options){.run = greet, .argument = "world", .argument_size = 5, .daemon = true});
    printf("the function ended with %d\n", code);
    if (pipe(pipes) != 0)
        return 1;
    const char *const command[] = {"sh", "-c", "echo $((6 * 7)); kill -9 $$", NULL};
    code = run(&(dmap_process_options){.argv = command, .output = pipes[1]});
    ssize_t size = read(pipes[0], text, sizeof text);
    printf("the command wrote %.*s and was killed by signal %d\n", (int)size - 1, text, -code);
    return 0;
}
