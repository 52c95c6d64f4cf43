// Forks without end; a failed fork is tried again.
// What a failed or ended child took of the kernel's memory is its group's until the kernel gets round to freeing it:
// either limit may come first.
// verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(void) {
  for (;;) fork();
}
