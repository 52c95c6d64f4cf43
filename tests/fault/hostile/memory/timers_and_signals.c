// Kernel memory as timers and as signals that wait: counted, or refused by their own limits.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED
// limits: memory_bytes=33554432
#include "held.h"
int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  union sigval value = {0};
  for (int i = 0; i < 200000 && sigqueue(getpid(), SIGRTMIN, value) == 0; i++);
  timer_t timer;
  for (int i = 0; i < 200000 && timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0; i++);
  return held();
}
