// Opens its stdout for reading, to hold what it wrote back from the judge and to leave the pipe full.
// verdicts: WRONG_ANSWER
// limits: wall_time_ms=1000
#include "held.h"
int main(void) {
  int own = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
  char block[4096];
  for (int i = 0; i < 1000; i++) {
    if (write(1, "not the answer\n", 15) < 0) return 1;
    if (own >= 0 && read(own, block, sizeof block) < 0 && errno != EAGAIN) return 1;
  }
  fcntl(1, F_SETPIPE_SZ, 4096);
  fcntl(1, F_SETFL, O_NONBLOCK | O_APPEND);
  return 0;
}
