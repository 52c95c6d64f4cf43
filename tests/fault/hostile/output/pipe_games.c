// Sets its output's pipe not to wait, makes it as large and as small as it goes, wants signals for it sent to others, and
// opens it again by every name that it has.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  static const char *names[] = {"/dev/stdout", "/proc/self/fd/1", "/proc/thread-self/fd/1", "/dev/fd/1", "/proc/1/fd/1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) MUST_FAIL(open(names[i], O_RDONLY | O_NONBLOCK));
  for (int i = 0; i < 100; i++) fcntl(1, F_SETPIPE_SZ, i % 2 ? 4096 : 1 << 20);
  fcntl(1, F_SETOWN, -1);
  fcntl(1, F_SETSIG, SIGKILL);
  fcntl(1, F_SETFL, O_WRONLY | O_NONBLOCK | O_ASYNC | O_APPEND);
  fcntl(1, F_SETPIPE_SZ, 1 << 20);
  fcntl(2, F_SETPIPE_SZ, 1 << 20);
  static char much[900000];
  memset(much, 'e', sizeof much);
  if (write(2, much, sizeof much) < 0) return 1;
  MUST_FAIL(fcntl(1, F_SETLEASE, F_RDLCK));
  MUST_FAIL(ftruncate(1, 0));
  close(2);
  dup2(1, 100);
  close(1);
  return write(100, "held\n", 5) != 5;
}
