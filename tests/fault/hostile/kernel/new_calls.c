// Every call that the kernel has been given since the list of denials was written, with arguments of no sense.
// verdicts: ACCEPTED
// group: long
#include "held.h"
int main(void) {
  char room[4096] = {0};
  for (long number = 451; number < 600; number++) {
    pid_t child = fork();
    if (!child) {
      alarm(1);
      syscall(number, -1, room, sizeof room, 0, room, 0);
      syscall(number, room, room, room, room, room, room);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  return held();
}
