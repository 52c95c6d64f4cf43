// Thousands of timers at their shortest interval, of every kind, while the program sleeps: nobody else is kept busy.
// verdicts: ACCEPTED TIME_LIMIT_EXCEEDED
#include "held.h"
#include <sys/timerfd.h>
int main(void) {
  struct itimerspec often = {{0, 1000}, {0, 1000}};
  struct sigevent silent = {.sigev_notify = SIGEV_NONE};
  struct sigevent ignored = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct timespec moment = {0, 500000000};
  timer_t timer;
  signal(SIGUSR1, SIG_IGN);
  for (int i = 0; i < 1000; i++) {
    timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &often, NULL);
    if (timer_create(CLOCK_MONOTONIC, &silent, &timer) == 0) timer_settime(timer, 0, &often, NULL);
    if (timer_create(CLOCK_MONOTONIC, &ignored, &timer) == 0) timer_settime(timer, 0, &often, NULL);
  }
  nanosleep(&moment, NULL);
  return held();
}
