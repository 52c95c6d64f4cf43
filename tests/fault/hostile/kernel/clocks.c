// Clocks of the machine and of others: to set them, to wake it by them, and to have one that no limit sees.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
int main(void) {
  struct timespec now = {2000000000, 0};
  struct timeval then = {2000000000, 0};
  struct timex wanted = {.modes = ADJ_FREQUENCY, .freq = 1 << 20};
  MUST_FAIL(clock_settime(CLOCK_REALTIME, &now));
  MUST_FAIL(settimeofday(&then, NULL));
  MUST_FAIL(adjtimex(&wanted));
  MUST_FAIL(timerfd_create(CLOCK_REALTIME_ALARM, 0));
  MUST_FAIL(timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
  timer_t timer;
  MUST_FAIL(timer_create(CLOCK_BOOTTIME_ALARM, NULL, &timer));
  clockid_t parents;
  MUST_HOLD(clock_getcpuclockid(1, &parents) != 0 || clock_gettime(parents, &now) < 0 || now.tv_sec < 1000000);
  for (int i = 0; i < 64; i++) {  // they go with the process
    struct itimerspec soon = {{0, 1000}, {0, 1000}};
    int clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    timerfd_settime(clock, 0, &soon, NULL);
  }
  return held();
}
