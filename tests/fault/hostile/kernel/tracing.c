// Other processes' memory and descriptors: ptrace, process_vm_readv, pidfd_getfd, kcmp, of init and of its own parent.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ptrace.h>
#include <sys/uio.h>
int main(void) {
  char here[8];
  struct iovec one = {here, sizeof here};
  MUST_FAIL(ptrace(PTRACE_TRACEME, 0, 0, 0));
  MUST_FAIL(ptrace(PTRACE_ATTACH, 1, 0, 0));
  MUST_FAIL(ptrace(PTRACE_SEIZE, 1, 0, 0));
  pid_t child = fork();
  if (!child) for (;;) pause();
  int handle = syscall(SYS_pidfd_open, child, 0);
  MUST_FAIL(ptrace(PTRACE_ATTACH, child, 0, 0));
  MUST_FAIL(process_vm_readv(child, &one, 1, &one, 1, 0));
  MUST_FAIL(process_vm_writev(1, &one, 1, &one, 1, 0));
  MUST_FAIL(syscall(SYS_pidfd_getfd, handle, 0, 0));
  MUST_FAIL(syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, 1, 0), 0, 0));
  MUST_FAIL(syscall(SYS_kcmp, 1, getpid(), 0, 0, 0));
  MUST_FAIL(syscall(SYS_process_madvise, handle, &one, 1, MADV_COLD, 0));
  kill(child, SIGKILL);
  return held();
}
