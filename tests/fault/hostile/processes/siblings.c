// clone(CLONE_PARENT): children of init and not of the program, which it never waits for.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  for (int i = 0; i < 5; i++)
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
      for (;;) pause();
  return held();
}
