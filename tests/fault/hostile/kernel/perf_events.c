// Counters and samples of itself, of all, of the kernel.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  unsigned attributes[32] = {0, 112};
  for (unsigned kind = 0; kind < 6; kind++) {
    attributes[0] = kind;
    MUST_FAIL(syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0));
    MUST_FAIL(syscall(SYS_perf_event_open, attributes, -1, 0, -1, 0));
  }
  return held();
}
