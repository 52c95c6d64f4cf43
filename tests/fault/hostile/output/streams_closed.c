// All streams closed, then a long time of nothing: neither the end nor a reason to look at them without pause.
// verdicts: ACCEPTED
// tests: 1
// worker_cpu_ms: 500
#include "held.h"
int main(void) {
  struct timespec while_idle = {1, 0};
  held();
  fclose(stdout);
  close(2);
  close(0);
  nanosleep(&while_idle, NULL);
  return 0;
}
