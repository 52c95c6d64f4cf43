// All contexts of asynchronous I/O that the machine has: databases of the host would get none.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  unsigned long context = 0;
  MUST_FAIL(syscall(SYS_io_setup, 60000, &context));
  MUST_FAIL(syscall(SYS_io_setup, 1, &context));
  MUST_FAIL(syscall(SYS_io_submit, context, 0, NULL));
  return held();
}
