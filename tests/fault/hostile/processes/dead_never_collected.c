// As many dead children as there may be processes, none of them collected, and stopped ones of which nobody is told.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
int main(void) {
  int dead = 0;
  for (; dead < 64; dead++) {
    pid_t child = fork();
    if (child < 0) break;
    if (!child) {
      if (dead % 4 == 3) raise(SIGSTOP);
      _exit(0);
    }
  }
  if (dead < 12 || dead > 16) escaped("the number of processes");
  return held();
}
