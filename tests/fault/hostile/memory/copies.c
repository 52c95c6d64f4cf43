// Children that write to what they share with their parent: each copy counts.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  size_t size = 24 << 20;
  volatile char *shared = malloc(size);
  for (size_t at = 0; at < size; at += 4096) shared[at] = 1;
  struct timespec together = {0, 200000000};
  for (int i = 0; i < 4; i++)
    if (!fork()) {
      for (size_t at = 0; at < size; at += 4096) shared[at] = 2;
      nanosleep(&together, NULL);
      _exit(0);
    }
  while (wait(NULL) > 0) continue;
  return held();
}
