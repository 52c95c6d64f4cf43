// Whatever can be told to the box's init, or to the groups and sessions that it might be in.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ioctl.h>
#include <sys/prctl.h>
int main(void) {
  MUST_FAIL(kill(1, SIGSTOP));
  siginfo_t word = {.si_signo = SIGCHLD, .si_code = CLD_EXITED};
  for (int number = 0; number < 65; number++) {
    MUST_FAIL(kill(1, number));
    MUST_FAIL(syscall(SYS_tgkill, 1, 1, number));
    MUST_FAIL(syscall(SYS_tkill, 1, number));
    word.si_signo = number;
    MUST_FAIL(syscall(SYS_rt_sigqueueinfo, 1, number, &word));
  }
  int init = syscall(SYS_pidfd_open, 1, 0);
  if (init >= 0) {
    MUST_FAIL(syscall(SYS_pidfd_send_signal, init, SIGKILL, NULL, 0));
    MUST_FAIL(syscall(SYS_pidfd_getfd, init, 3, 0));
    MUST_FAIL(setns(init, CLONE_NEWPID));
  }
  MUST_FAIL(setpgid(1, getpid()));
  MUST_FAIL(setpgid(0, 1));
  MUST_FAIL(tcsetpgrp(0, getpgrp()));
  MUST_FAIL(ioctl(0, TIOCSCTTY, 1));
  fcntl(1, F_SETOWN, 1);
  fcntl(1, F_SETSIG, SIGKILL);
  fcntl(1, F_SETFL, O_WRONLY | O_ASYNC);
  MUST_FAIL(setpriority(PRIO_PROCESS, 1, 19));
  struct rlimit none = {0, 0};
  MUST_FAIL(prlimit(1, RLIMIT_NOFILE, &none, NULL));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGSTOP);
  return held();
}
