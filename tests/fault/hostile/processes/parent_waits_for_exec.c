// A child by vfork that never calls exec: its parent cannot be interrupted but by its end.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=700
#include "held.h"
int main(void) {
  signal(SIGTERM, SIG_IGN);
  for (int depth = 0; depth < 8; depth++)
    if (vfork() > 0) _exit(0);
  for (;;) pause();
}
