// Descriptors of namespaces and of itself, and what can be asked of them: no parent, no neighbour, nobody's owner.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ioctl.h>
int main(void) {
  const char *kinds[] = {"mnt", "pid", "user", "net", "ipc", "uts", "cgroup"};
  char path[64], room[4096] = {0};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
    int own = open(path, O_RDONLY | O_CLOEXEC);
    MUST_HOLD(own >= 0);
    MUST_FAIL(ioctl(own, 0xb702));  // NS_GET_PARENT
    MUST_FAIL(syscall(SYS_setns, own, 0));
    for (unsigned long size = 0; size < 64; size++)
      for (unsigned long number = 11; number < 13; number++)  // NS_MNT_GET_NEXT, NS_MNT_GET_PREV
        MUST_FAIL(ioctl(own, 0x8000b700 | size << 16 | number, room));
    snprintf(path, sizeof path, "/proc/1/ns/%s", kinds[i]);
    MUST_FAIL(open(path, O_RDONLY));
  }
  int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  MUST_FAIL(syscall(SYS_setns, self, 0x20000));      // CLONE_NEWNS
  MUST_FAIL(syscall(438, self, 0, 0));               // pidfd_getfd
  MUST_FAIL(syscall(448, self, 0));                  // process_mrelease
  MUST_FAIL(open("/proc/self/oom_score_adj", O_WRONLY));
  MUST_FAIL(open("/proc/self/clear_refs", O_WRONLY));
  return held();
}
