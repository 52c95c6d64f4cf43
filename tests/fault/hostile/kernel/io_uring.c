// io_uring, by which calls are made that no filter sees.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char parameters[256] = {0};
  MUST_FAIL(syscall(SYS_io_uring_setup, 8, parameters));
  MUST_FAIL(syscall(SYS_io_uring_enter, 0, 1, 1, 0, NULL, 0));
  MUST_FAIL(syscall(SYS_io_uring_register, 0, 0, NULL, 0));
  MUST_FAIL(syscall(SYS_io_uring_register, -1, 0, NULL, 0));
  return held();
}
