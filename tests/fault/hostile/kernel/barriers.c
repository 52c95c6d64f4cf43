// membarrier without end: interrupts for every processor.
// verdicts: TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300 wall_time_ms=1000
#include "held.h"
int main(void) {
  for (;;)
    for (int command = 0; command < 128; command = command ? command << 1 : 1) syscall(SYS_membarrier, command, 0, 0);
}
