// One byte at a time, so that the reader is woken for each.
// verdicts: OUTPUT_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=200 wall_time_ms=1500
// worker_cpu_ms: 900
// tests: 1
#include "held.h"
int main(void) {
  struct timespec moment = {0, 1000};
  for (;;) {
    if (write(1, "x", 1) < 0) return 1;
    nanosleep(&moment, NULL);
  }
}
