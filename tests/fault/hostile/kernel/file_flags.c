// Flags that keep a file from being changed or removed, times beyond all calendars, attributes of the overlay's own kind.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
int main(void) {
  static const char *places[] = {"/work/flagged", "/tmp/flagged", "/dev/shm/flagged"};
  for (int i = 0; i < 3; i++) {
    MUST_HOLD(access(places[i], F_OK) != 0);
    int file = open(places[i], O_CREAT | O_EXCL | O_RDWR, 0000);
    MUST_HOLD(file >= 0);
    int flags = FS_IMMUTABLE_FL;
    MUST_FAIL(ioctl(file, FS_IOC_SETFLAGS, &flags));
    flags = FS_APPEND_FL;
    MUST_FAIL(ioctl(file, FS_IOC_SETFLAGS, &flags));
    flags = FS_NODUMP_FL | FS_NOATIME_FL;
    ioctl(file, FS_IOC_SETFLAGS, &flags);
    struct timespec far[2] = {{1L << 40, 0}, {-(1L << 40), 0}};
    futimens(file, far);
    static const char *names[] = {"user.overlay.opaque", "user.overlay.whiteout", "user.overlay.redirect",
                                  "user.overlay.metacopy", "user.overlay.origin", "user.overlay.upper",
                                  "trusted.overlay.opaque", "security.capability", "system.posix_acl_access"};
    for (size_t name = 0; name < sizeof names / sizeof *names; name++) fsetxattr(file, names[name], "y", 1, 0);
    mknod(i ? "/tmp/nothing" : "/work/nothing", S_IFCHR | 0666, 0);
  }
  setxattr("/work", "user.overlay.opaque", "y", 1, 0);
  MUST_FAIL(setxattr("/tmp", "user.mark", "y", 1, 0));
  return held();
}
