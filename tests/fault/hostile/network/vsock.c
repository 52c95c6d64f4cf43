// isolate before 2.6: AF_VSOCK, which no network namespace holds, by socket and by io_uring.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char parameters[256] = {0};
  MUST_FAIL(socket(AF_VSOCK, SOCK_STREAM, 0));
  MUST_FAIL(socket(AF_VSOCK, SOCK_DGRAM, 0));
  MUST_FAIL(syscall(SYS_io_uring_setup, 8, parameters));
  MUST_FAIL(open("/dev/vsock", O_RDONLY));
  return held();
}
