// Forks without end; a failed fork is tried again.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(void) {
  for (;;) fork();
}
