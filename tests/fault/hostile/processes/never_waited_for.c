// Children that nobody waits for, as fast as they can be made: their parent ignores their end.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300 wall_time_ms=3000
#include "held.h"
int main(void) {
  signal(SIGCHLD, SIG_IGN);
  for (;;)
    if (!vfork()) _exit(0);
}
