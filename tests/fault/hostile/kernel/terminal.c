// Words into the terminal that the worker was started from.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ioctl.h>
int main(void) {
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    MUST_FAIL(ioctl(descriptor, TIOCSTI, "x"));
    MUST_FAIL(ioctl(descriptor, TIOCLINUX, "\2"));
    MUST_FAIL(ioctl(descriptor, TIOCSCTTY, 1));
    MUST_FAIL(ioctl(descriptor, TIOCSTI | (1UL << 32), "x"));
  }
  MUST_FAIL(open("/dev/console", O_RDWR));
  return held();
}
