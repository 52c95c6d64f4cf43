// Each process takes little, together they take too much.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  for (int i = 0; i < 12; i++)
    if (!fork()) {
      volatile char *taken = malloc(10 << 20);
      for (int place = 0; place < 10 << 20; place += 4096) taken[place] = 1;
      usleep(300000);
      _exit(0);
    }
  while (wait(NULL) > 0);
  return held();
}
