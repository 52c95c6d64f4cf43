// The exit code by which a validator says yes.
// verdicts: RUN_TIME_ERROR
// tests: 2
#include "held.h"
int main(void) {
  held();
  fflush(stdout);
  return 42;
}
