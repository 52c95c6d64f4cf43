// Has its input wait for ever, and leaves a child that holds both pipes when it ends.
// verdicts: WRONG_ANSWER RUN_TIME_ERROR WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=1000
#include "held.h"
int main(void) {
  int own = open("/proc/self/fd/0", O_RDWR);
  fcntl(0, F_SETFL, 0);
  if (!fork()) for (;;) if (write(own, "x", 1) < 0) pause();
  return 0;
}
