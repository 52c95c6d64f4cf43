// A trigger on the machine's pressure, which the kernel watches with a thread of its own at real-time priority; and every
// other file of /proc that takes a write from anybody.
// verdicts: ACCEPTED
#include "held.h"
#include <dirent.h>
static const char *files[] = {
  "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io", "/proc/self/oom_score_adj", "/proc/self/comm",
  "/proc/self/coredump_filter", "/proc/self/timerslack_ns", "/proc/self/uid_map", "/proc/self/setgroups",
  "/proc/self/mem", "/proc/self/clear_refs", "/proc/self/autogroup", "/proc/self/attr/current", "/proc/self/loginuid",
  "/proc/self/timens_offsets", "/proc/sysrq-trigger", "/proc/sys/kernel/ns_last_pid", "/proc/mtrr", "/proc/fs/nfsd",
};
int main(void) {
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    errno = 0;
    if (open(files[i], O_RDWR) >= 0 || open(files[i], O_WRONLY) >= 0) escaped(files[i]);
  }
  MUST_FAIL(chmod("/proc/self/comm", 0666));
  MUST_FAIL(utimensat(AT_FDCWD, "/proc/uptime", NULL, 0));
  return held();
}
