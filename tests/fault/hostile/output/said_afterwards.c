// The answer comes from a child, when the program has ended: too late, and never beside the next run's.
// verdicts: WRONG_ANSWER
// tests: 2
#include "held.h"
int main(void) {
  struct timespec moment = {0, 300000000};
  if (fork()) return 0;
  setsid();
  nanosleep(&moment, NULL);
  return held();
}
