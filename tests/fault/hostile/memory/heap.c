// Takes memory without end.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  for (;;) memset(malloc(1 << 20), 1, 1 << 20);
}
