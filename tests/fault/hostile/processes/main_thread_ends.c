// The first thread ends, which makes the process look like a zombie; the others stay.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=300
#include "held.h"
#include <pthread.h>
static void *stay(void *unused) {
  for (;;) pause();
  return unused;
}
int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, stay, NULL);
  pthread_exit(NULL);
}
