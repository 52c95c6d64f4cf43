// The right answer, and one byte on the other stream beyond what may be written; then a crash.
// verdicts: OUTPUT_LIMIT_EXCEEDED
// limits: output_bytes=5
#include "held.h"
int main(void) {
  write(1, "held\n", 5);
  write(2, "!", 1);
  abort();
}
