// Answers right and closes its end; then, as nobody talks any more, it uses all CPU time that there is.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300 wall_time_ms=2000
#include "held.h"
int main(void) {
  char line[64];
  ssize_t size = read(0, line, sizeof line);
  write(1, line, size);
  close(1);
  for (;;) continue;
}
