// Stands still in the midst of the talk.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=500
#include "held.h"
int main(void) {
  puts("1");
  fflush(stdout);
  for (;;) raise(SIGSTOP);
}
