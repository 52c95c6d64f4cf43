// Shared anonymous memory, which is no process's own.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  for (int i = 0; i < 200; i++) {
    char *taken = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (taken != MAP_FAILED) memset(taken, 1, 1 << 20);
  }
  return held();
}
