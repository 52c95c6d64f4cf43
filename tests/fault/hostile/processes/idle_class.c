// Schedules itself as idle, so that its CPU time passes slowly on a busy machine.
// verdicts: TIME_LIMIT_EXCEEDED WALL_TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=200 wall_time_ms=2000
#include "held.h"
int main(void) {
  struct sched_param parameter = {0};
  sched_setscheduler(0, SCHED_IDLE, &parameter);
  setpriority(PRIO_PROCESS, 0, 19);
  for (;;);
}
