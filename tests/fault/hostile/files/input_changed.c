// Writes to its input, for whoever reads it next: the same test of another submission, or the checker.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/file.h>
int main(void) {
  MUST_HOLD(target("file")[0] == '/');
  MUST_FAIL(write(0, "x", 1));
  MUST_FAIL(ftruncate(0, 0));
  MUST_FAIL(fchmod(0, 0777));
  MUST_FAIL(fchown(0, getuid(), getgid()));
  MUST_FAIL(fcntl(0, F_ADD_SEALS, 0x10));
  int again = open("/proc/self/fd/0", O_RDWR);
  if (again >= 0) {
    MUST_FAIL(write(again, "x", 1));
    MUST_FAIL(ftruncate(again, 0));
    if (mmap(NULL, 1, PROT_WRITE, MAP_SHARED, again, 0) != MAP_FAILED) escaped("mapped");
  }
  flock(0, LOCK_EX);
  return held();
}
