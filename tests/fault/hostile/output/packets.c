// Single bytes, each a packet of its own that the pipe does not put together with the next: to read one takes ten times what
// it takes to write it.
// verdicts: OUTPUT_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=500 wall_time_ms=3000
// worker_cpu_ms: 700
// tests: 1
#include "held.h"
int main(void) {
  for (int i = 1; i < 3; i++) fcntl(i, F_SETFL, O_WRONLY | O_DIRECT);
  for (int i = 0;; i++)
    if (write(1 + i % 2, "x", 1) < 0) return 1;
}
