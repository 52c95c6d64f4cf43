// A dump of a crash: a large file beside it, or, at a limit of 0, a program of the host's root fed by the kernel.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/prctl.h>
int main(void) {
  struct rlimit none = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};
  MUST_FAIL(setrlimit(RLIMIT_CORE, &none));
  MUST_FAIL(setrlimit(RLIMIT_CORE, &all));
  MUST_FAIL(syscall(SYS_setrlimit, RLIMIT_CORE, &none));
  MUST_FAIL(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, &none, NULL));
  struct rlimit now;
  MUST_HOLD(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 1);
  int status;
  if (!fork()) abort();
  MUST_HOLD(wait(&status) > 0 && WIFSIGNALED(status) && !WCOREDUMP(status));
  MUST_FAIL(access("/work/core", F_OK));
  return held();
}
