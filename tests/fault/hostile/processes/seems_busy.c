// Computes for a moment whenever it might be looked at, and sleeps between: no wait for a CPU, for all that it is ready.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=2000 wall_time_ms=2000
#include "held.h"
int main(void) {
  for (;;) {
    struct timespec now, rest = {0, 22000000};
    clock_gettime(CLOCK_MONOTONIC, &now);
    long until = now.tv_nsec / 1000 + 3000;
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_nsec / 1000 < until && now.tv_nsec / 1000 > until - 4000);
    nanosleep(&rest, NULL);
  }
}
