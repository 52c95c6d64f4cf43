// A pipe that keeps every write apart, is as small as it goes, and does not wait.
// verdicts: WRONG_ANSWER RUN_TIME_ERROR WALL_TIME_LIMIT_EXCEEDED OUTPUT_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=500 wall_time_ms=1500
#include "held.h"
int main(void) {
  fcntl(1, F_SETPIPE_SZ, 4096);
  fcntl(1, F_SETFL, O_WRONLY | O_DIRECT | O_NONBLOCK | O_ASYNC);
  signal(SIGPIPE, SIG_IGN);
  for (;;)
    if (write(1, "", 0) < 0 || (write(1, "9", 1) < 0 && errno != EAGAIN)) return 1;
}
