// A dump of a crash: a large file beside it, or, at a limit of 0, a program of the host's root fed by the kernel. Who turns
// dumps off, as many an honest program does, is told that it did.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/prctl.h>
int main(void) {
  struct rlimit none = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};
  struct rlimit now;
  MUST_HOLD(setrlimit(RLIMIT_CORE, &all) == 0);
  MUST_HOLD(setrlimit(RLIMIT_CORE, &none) == 0);
  MUST_HOLD(syscall(SYS_setrlimit, RLIMIT_CORE, &none) == 0);
  MUST_FAIL(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, &none, NULL));
  MUST_FAIL(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, &now));
  MUST_FAIL(syscall(SYS_prlimit64, 1, RLIMIT_CORE, &none, NULL));
  MUST_HOLD(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 1);
  int status;
  if (!fork()) abort();
  MUST_HOLD(wait(&status) > 0 && WIFSIGNALED(status) && !WCOREDUMP(status));
  MUST_FAIL(access("/work/core", F_OK));
  return held();
}
