// Namespaces of its own, in which it would be root: every kind, by unshare, clone, clone3 and setns.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ioctl.h>
int main(void) {
  const long kinds[] = {0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000};
  long own = syscall(SYS_pidfd_open, getpid(), 0);
  for (int i = 0; i < 8; i++) {
    MUST_FAIL(unshare(kinds[i]));
    if (i) MUST_FAIL(syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0));
    unsigned long arguments[11] = {kinds[i], 0, 0, 0, SIGCHLD};
    MUST_FAIL(syscall(SYS_clone3, arguments, sizeof arguments));
    MUST_FAIL(setns(own, kinds[i]));
  }
  MUST_FAIL(setns(open("/proc/self/ns/user", O_RDONLY), 0));
  MUST_FAIL(ioctl(open("/proc/self/ns/user", O_RDONLY), 0xb702));  // NS_GET_PARENT
  MUST_FAIL(open("/proc/self/uid_map", O_WRONLY));
  MUST_FAIL(open("/proc/self/setgroups", O_WRONLY));
  return held();
}
