// Many children write at once, to both streams; the parent waits.
// verdicts: OUTPUT_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  static char block[8192];
  for (int i = 0; i < 8; i++)
    if (!fork()) for (;;) if (write(1 + i % 2, block, sizeof block) < 0) _exit(1);
  while (wait(NULL) > 0);
  return held();
}
