// userfaultfd, by which the kernel is held still in the midst of a fault.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(syscall(SYS_userfaultfd, 0));
  MUST_FAIL(syscall(SYS_userfaultfd, 1));
  MUST_FAIL(open("/dev/userfaultfd", O_RDWR));
  return held();
}
