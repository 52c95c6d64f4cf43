// Filters of its own: one that would answer in place of ours, a listener to its calls, one that fills the machine's log,
// and one on a pair of sockets. The kernel compiles each.
// verdicts: ACCEPTED
#include "held.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
int main(void) {
  struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_filter log[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG)};
  struct sock_fprog first = {1, allow}, second = {1, log};
  MUST_FAIL(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &first, 0, 0));
  MUST_FAIL(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
  MUST_FAIL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &first));
  MUST_FAIL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &second));
  int pair[2];
  MUST_HOLD(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  MUST_FAIL(setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &first, sizeof first));
  MUST_FAIL(setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &first, sizeof first));
  MUST_FAIL(mount("x", "/tmp", "tmpfs", 0, ""));
  MUST_FAIL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
  return held();
}
