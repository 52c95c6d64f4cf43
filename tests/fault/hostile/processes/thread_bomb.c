// As many threads as there may be, all at work.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
#include <pthread.h>
static void *spin(void *unused) {
  for (volatile int i = 0;; i++) (void)unused;
}
int main(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_t thread;
  for (;;) pthread_create(&thread, &small, spin, NULL);
}
