// Recursion without end.
// verdicts: RUN_TIME_ERROR MEMORY_LIMIT_EXCEEDED
#include "held.h"
static int down(int depth) {
  volatile char page[4096];
  page[0] = (char)depth;
  return down(depth + 1) + page[0];
}
int main(void) { return down(0); }
