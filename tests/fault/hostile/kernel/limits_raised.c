// Its own rlimits, and those of init.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  const int held_kinds[] = {RLIMIT_CORE, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE,
                            RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RTPRIO, RLIMIT_STACK};
  for (int i = 0; i < 10; i++) {
    struct rlimit now;
    MUST_HOLD(getrlimit(held_kinds[i], &now) == 0 && now.rlim_cur == now.rlim_max);
    // Of the core size it is told that it did: see files/core_dumps.c.
    MUST_HOLD((setrlimit(held_kinds[i], &all) == 0) == (held_kinds[i] == RLIMIT_CORE));
    MUST_FAIL(syscall(SYS_prlimit64, 1, held_kinds[i], &all, NULL));
    struct rlimit then;
    MUST_HOLD(getrlimit(held_kinds[i], &then) == 0 && memcmp(&then, &now, sizeof now) == 0);
  }
  MUST_FAIL(open("/proc/self/oom_score_adj", O_WRONLY));
  return held();
}
