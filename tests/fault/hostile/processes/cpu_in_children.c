// The parent waits, idle; its children use the CPU.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(void) {
  for (int i = 0; i < 4; i++)
    if (!fork()) for (;;);
  while (wait(NULL) > 0);
  return held();
}
