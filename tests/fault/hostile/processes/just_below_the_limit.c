// Uses its CPU time but for a little, then keeps a thousand threads asleep: whoever watches so close to a limit
// looks at each of them again and again, in time that is no run's.
// verdicts: WALL_TIME_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=200 wall_time_ms=1500 processes=1024 memory_bytes=268435456
// worker_cpu_ms: 700
// tests: 1
#include "held.h"
#include <pthread.h>
static void *stay(void *unused) {
  for (;;) pause();
  return unused;
}
int main(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_t thread;
  for (int i = 0; i < 1000; i++) pthread_create(&thread, &small, stay, NULL);
  struct timespec used;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < 170);
  pause();
}
