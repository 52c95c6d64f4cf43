// Burns CPU in children that are gone before anybody could look at them.
// Memory as in fork_bomb.c.
// verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(void) {
  for (;;) {
    if (!fork()) {
      for (volatile int i = 0; i < 300000; i++);
      _exit(0);
    }
    wait(NULL);
  }
}
