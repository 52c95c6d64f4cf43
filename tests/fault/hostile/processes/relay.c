// Says that it is done, and leaves a child that ends as soon as it has a child of its own, and so on for ever.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
int main(void) {
  held();
  fflush(stdout);
  if (fork()) return 0;
  setsid();
  for (;;)
    if (fork()) _exit(0);
}
