// Sixty processes, each of which moves itself from one core to the other and back: whoever moves goes before all that wait.
// verdicts: TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED
// limits: processes=64
#include "held.h"
int main(void) {
  for (int i = 0; i < 60; i++)
    if (fork() == 0) break;
  for (unsigned turn = 0;; turn++) {
    unsigned long cores = 1ul << (turn & 1);
    syscall(SYS_sched_setaffinity, 0, sizeof cores, &cores);
  }
}
