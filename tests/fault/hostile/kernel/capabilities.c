// Other users, groups and capabilities.
// verdicts: ACCEPTED
#include "held.h"
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
int main(void) {
  gid_t groups[1] = {0};
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
  MUST_FAIL(setuid(0));
  MUST_FAIL(setresuid(0, 0, 0));
  MUST_FAIL(setgid(0));
  MUST_FAIL(setgroups(1, groups));
  MUST_FAIL(syscall(SYS_capset, &header, all));
  MUST_FAIL(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 1, 0, 0));
  MUST_FAIL(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
  MUST_FAIL(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  MUST_HOLD(getgroups(0, NULL) == 0);
  for (int capability = 0; capability < 41; capability++) MUST_HOLD(prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0);
  return held();
}
