#include "api/leave.h"

#include <stdio.h>
#include <unistd.h>

void dmap__leave(int value) {
    fflush(NULL);
    _exit(value);
}
