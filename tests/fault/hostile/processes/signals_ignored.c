// Blocks and ignores all that can be, SIGXCPU and SIGTERM among them, and goes on.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  for (;;);
}
