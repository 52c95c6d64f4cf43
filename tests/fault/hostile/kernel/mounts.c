// Mounts by the old calls and the new ones, another root, and the way back out of it.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/mount.h>
int main(void) {
  MUST_FAIL(mount("x", "/tmp", "tmpfs", 0, ""));
  MUST_FAIL(mount("/", "/tmp", "", MS_BIND | MS_REC, ""));
  MUST_FAIL(mount("", "/", "", MS_REMOUNT | MS_BIND, ""));
  MUST_FAIL(mount("proc", "/work", "proc", 0, ""));
  MUST_FAIL(umount2("/proc/cmdline", MNT_DETACH));
  MUST_FAIL(umount2("/", MNT_DETACH));
  MUST_FAIL(syscall(SYS_fsopen, "tmpfs", 0));
  MUST_FAIL(syscall(SYS_fspick, AT_FDCWD, "/", 0));
  MUST_FAIL(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
  MUST_FAIL(syscall(SYS_move_mount, AT_FDCWD, "/tmp", AT_FDCWD, "/work", 0));
  MUST_FAIL(syscall(442, AT_FDCWD, "/", 0, NULL, 0));  // mount_setattr
  MUST_FAIL(syscall(457, NULL, NULL, 0, 0));           // statmount
  MUST_FAIL(syscall(458, NULL, NULL, 0, 0));           // listmount
  MUST_FAIL(syscall(SYS_pivot_root, "/tmp", "/tmp"));
  MUST_FAIL(chroot("/tmp"));
  return held();
}
