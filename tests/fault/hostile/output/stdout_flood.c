// Output without end.
// verdicts: OUTPUT_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  for (;;) puts("flood");
}
