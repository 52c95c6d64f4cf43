// Opens the pipes at their other ends: writes its own questions, reads its own answers, makes them too small, and sets
// them to wait or not to wait, for whoever has them too.
// verdicts: WRONG_ANSWER RUN_TIME_ERROR WALL_TIME_LIMIT_EXCEEDED
// limits: wall_time_ms=1000
#include "held.h"
int main(void) {
  char block[65536];
  int questions = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK), answers = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
  for (int i = 0; i < 3; i++) fcntl(i, F_SETFL, O_NONBLOCK);
  fcntl(0, F_SETPIPE_SZ, 4096);
  fcntl(1, F_SETPIPE_SZ, 1 << 20);
  for (int i = 0; i < 50; i++) {
    if (write(questions, block, sizeof block) < 0) continue;
    if (write(1, block, sizeof block) < 0) continue;
    if (read(answers, block, sizeof block) < 0) continue;
  }
  fcntl(0, F_SETFL, 0);
  if (!fork()) {
    setsid();
    for (;;) pause();
  }
  return 0;
}
