#include "run/control/cutoff.h"

#include <signal.h>

enum { OF_A_SHELL = 128 };
static const double window_s = 1, window_announced_s = 3;

/* What a program does to itself (SIGSEGV, SIGABRT, SIGPIPE, …) is none of them. */
static bool is_from_outside(int signal) {
    return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGKILL || signal == SIGTERM ||
           signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGXCPU;
}

int run_cutoff_signal(int exit_code, int signal) {
    int number = signal ? signal : exit_code - OF_A_SHELL;
    return is_from_outside(number) ? number : 0;
}

run_cutoff run_cutoff_look(int signal, double ended, double came, double announced, double now) {
    double first = ended - window_s, last = ended + window_s;
    if (announced > 0 && announced >= first && announced <= last)
        last = announced + window_announced_s;
    if (signal && came > 0 && came >= first && came <= last)
        return RUN_CUT_OFF;
    return signal && now < last ? RUN_CUT_OFF_PERHAPS : RUN_NOT_CUT_OFF;
}
