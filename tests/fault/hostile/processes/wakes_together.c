// Sixty processes sleep until the same moment, again and again: together they wait for a CPU longer than time passes.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: processes=64 cpu_time_ms=2000 wall_time_ms=1500
#include "held.h"
#include <time.h>
int main(void) {
  for (int i = 0; i < 60; i++)
    if (fork() == 0) break;
  for (;;) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    long long due = (at.tv_sec * 1000000000ll + at.tv_nsec) / 10000000 * 10000000 + 10000000;
    at.tv_sec = due / 1000000000, at.tv_nsec = due % 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0);
    for (volatile int i = 0; i < 8000; i++);
  }
}
