// Before everybody else: real-time and deadline scheduling, nice values, I/O classes, a core for itself.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/prctl.h>
int main(void) {
  struct sched_param parameter = {.sched_priority = 1};
  struct { unsigned size, policy; unsigned long flags; int nice; unsigned priority; unsigned long times[3]; } deadline = {
    sizeof deadline, 6, 0, 0, 0, {10000000, 30000000, 30000000}};
  MUST_FAIL(sched_setscheduler(0, SCHED_FIFO, &parameter));
  MUST_FAIL(sched_setscheduler(0, SCHED_RR, &parameter));
  MUST_FAIL(syscall(SYS_sched_setattr, 0, &deadline, 0));
  MUST_FAIL(setpriority(PRIO_PROCESS, 0, -1));
  MUST_FAIL(setpriority(PRIO_PROCESS, 1, 19));
  MUST_FAIL(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
  if (prctl(62, 1, 0, 0, 0) == 0 || errno != EPERM) escaped("PR_SCHED_CORE");
  return held();
}
