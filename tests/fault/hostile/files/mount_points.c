// What each run is shown of its program is a mount of its own: to be removed, replaced, moved, hidden or linked elsewhere
// for the next test.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
#include <sys/sysmacros.h>
#include <sys/xattr.h>
static const char *shown[] = {"/work/program", "/work/held.h"};
int main(void) {
  mkdir("/work/folder", 0700);
  close(open("/work/file", O_CREAT | O_WRONLY, 0777));
  mknod("/work/whiteout", S_IFCHR, makedev(0, 0));
  for (int i = 0; i < 2; i++) {
    const char *path = shown[i];
    struct stat status;
    MUST_HOLD(lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0);
    MUST_FAIL(open(path, O_WRONLY));
    MUST_FAIL(open(path, O_RDONLY | O_TRUNC));
    MUST_FAIL(truncate(path, 0));
    MUST_FAIL(chmod(path, 0));
    MUST_FAIL(utimensat(AT_FDCWD, path, NULL, 0));
    MUST_FAIL(setxattr(path, "user.x", "x", 1, 0));
    MUST_FAIL(unlink(path));
    MUST_FAIL(rename(path, "/work/away"));
    MUST_FAIL(rename("/work/file", path));
    MUST_FAIL(rename("/work/folder", path));
    MUST_FAIL(rename("/work/whiteout", path));
    MUST_FAIL(syscall(SYS_renameat2, AT_FDCWD, "/work/file", AT_FDCWD, path, 2));
    MUST_FAIL(link(path, "/work/linked"));
    MUST_FAIL(link(path, "/tmp/linked"));
    MUST_FAIL(syscall(SYS_umount2, path, 2));
    MUST_FAIL(open("/proc/self/exe", O_RDWR));
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", open(path, O_RDONLY));
    MUST_FAIL(open(name, O_WRONLY));
    MUST_FAIL(fchmod(open(path, O_RDONLY), 0));
  }
  MUST_FAIL(rmdir("/work"));
  MUST_FAIL(chmod("/work", 0700));
  MUST_HOLD(rename("/work/folder", "/work/moved") == 0);
  return held();
}
