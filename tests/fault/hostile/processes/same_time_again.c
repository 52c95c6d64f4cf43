// Uses most of its CPU time in each run, half of it in children that are collected and half in one that is not.
// verdicts: ACCEPTED
// limits: cpu_time_ms=500
// tests: 3
// group: long
#include "held.h"
static void spin(long ms) {
  struct timespec used;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
}
int main(void) {
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (!child) {
      spin(150);
      _exit(0);
    }
    if (i) waitpid(child, NULL, 0);
  }
  struct timespec moment = {0, 250000000};
  nanosleep(&moment, NULL);
  return held();
}
