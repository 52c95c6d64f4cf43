// The machine itself: modules, another kernel, reboot, swap, accounts, quotas, clocks, names, the kernel's log.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/timex.h>
int main(void) {
  struct timespec now = {0, 0};
  struct timex change = {.modes = ADJ_FREQUENCY};
  MUST_FAIL(syscall(SYS_init_module, "", 0, ""));
  MUST_FAIL(syscall(SYS_finit_module, 0, "", 0));
  MUST_FAIL(syscall(SYS_delete_module, "x", 0));
  MUST_FAIL(syscall(SYS_kexec_load, 0, 0, 0, 0));
  MUST_FAIL(syscall(SYS_kexec_file_load, 0, 0, 0, "", 0));
  MUST_FAIL(syscall(SYS_reboot, 0xfee1dead, 0x28121969, 0x01234567, 0));
  MUST_FAIL(syscall(SYS_swapon, "/work/x", 0));
  MUST_FAIL(syscall(SYS_swapoff, "/work/x"));
  MUST_FAIL(syscall(SYS_acct, "/work/x"));
  MUST_FAIL(syscall(SYS_quotactl, 0, "/dev/vda", 0, 0));
  MUST_FAIL(syscall(443, 0, 0, 0, 0));  // quotactl_fd
  MUST_FAIL(clock_settime(CLOCK_REALTIME, &now));
  MUST_FAIL(clock_adjtime(CLOCK_REALTIME, &change));
  MUST_FAIL(sethostname("gavel", 5));
  MUST_FAIL(setdomainname("gavel", 5));
  MUST_FAIL(syscall(SYS_syslog, 3, NULL, 0));
  MUST_FAIL(vhangup());
#ifdef SYS_iopl
  MUST_FAIL(syscall(SYS_iopl, 3));
  MUST_FAIL(syscall(SYS_ioperm, 0x80, 1, 1));
  MUST_FAIL(syscall(SYS_modify_ldt, 0, NULL, 0));
#endif
  return held();
}
