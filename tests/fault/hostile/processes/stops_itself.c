// SIGSTOP to itself: it neither runs nor ends.
// verdicts: WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=300
#include "held.h"
int main(void) {
  for (;;) raise(SIGSTOP);
}
