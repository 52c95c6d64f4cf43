// Locks memory, which the machine could not move any more.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char *block = malloc(16 << 20);
  MUST_FAIL(mlock(block, 16 << 20));
  MUST_FAIL(mlockall(MCL_CURRENT | MCL_FUTURE));
  MUST_FAIL(syscall(SYS_memfd_secret, 0));
  return held();
}
