/* What starting commands costs at the least: a process a core that starts one, waits for it, and starts the next.
 * usage: spawn WORKERS COUNT PROGRAM: COUNT in all; tests/bench/commands takes the time.
 * The program gets a number, as those who map it over numbers give it one: with an argument to look at, `true` itself
 * takes a third longer. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int work(long count, char *program) {
    char number[24], *words[] = {program, number, NULL};
    for (long i = 0; i < count; i++) {
        pid_t pid;
        int status;
        snprintf(number, sizeof number, "%ld", i + 1);
        if (posix_spawnp(&pid, program, NULL, NULL, words, environ) != 0 || waitpid(pid, &status, 0) != pid || status)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    long workers = argc == 4 ? atol(argv[1]) : 0, count = argc == 4 ? atol(argv[2]) : 0;
    int status, failed = 0;
    if (workers < 1 || count < 1) {
        fprintf(stderr, "usage: spawn WORKERS COUNT PROGRAM\n");
        return 2;
    }
    for (long w = 0; w < workers; w++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0)
            _exit(work(count * (w + 1) / workers - count * w / workers, argv[3]));
    }
    while (wait(&status) > 0)
        failed |= status;
    return failed != 0;
}
