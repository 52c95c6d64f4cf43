// Changes of the system's files that every box and the host share: content, times, modes, owners, attributes, names.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/xattr.h>
int main(void) {
  const char *paths[] = {"/usr/bin/env", "/usr/bin", "/etc/passwd", "/etc", "/dev/null", "/dev", "/", "/proc/self"};
  for (int i = 0; i < 8; i++) {
    MUST_FAIL(utimensat(AT_FDCWD, paths[i], NULL, 0));
    MUST_FAIL(chmod(paths[i], 0777));
    MUST_FAIL(chown(paths[i], getuid(), getgid()));
    MUST_FAIL(setxattr(paths[i], "user.x", "x", 1, 0));
    MUST_FAIL(rename(paths[i], "/work/renamed"));
    MUST_FAIL(unlink(paths[i]));
  }
  MUST_FAIL(open("/usr/bin/env", O_WRONLY));
  MUST_FAIL(open("/usr/bin/new", O_WRONLY | O_CREAT, 0600));
  MUST_FAIL(open("/etc", O_TMPFILE | O_RDWR, 0600));
  MUST_FAIL(truncate("/etc/passwd", 0));
  MUST_FAIL(symlink("/tmp", "/new"));
  MUST_FAIL(mkdir("/dev/new", 0700));
  return held();
}
