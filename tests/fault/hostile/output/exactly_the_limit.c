// As much as may be written, to both streams together, and not a byte more.
// verdicts: ACCEPTED
// limits: output_bytes=9
#include "held.h"
int main(void) {
  write(2, "held", 4);
  return held();
}
