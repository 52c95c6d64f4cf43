// Its folder renamed, replaced, made unreadable and left as the current one of a process; names swapped while they are read.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
int main(void) {
  MUST_HOLD(access("/work/program", X_OK) == 0 && access("/work/was", F_OK) != 0);
  mkdir("/work/deep", 0700);
  MUST_HOLD(chdir("/work/deep") == 0);
  rmdir("/work/deep");
  rename("/work/program", "/work/was");
  MUST_HOLD(symlink("/usr/bin/env", "/work/program") == 0 || errno == EEXIST);
  renameat2(AT_FDCWD, "/work/was", AT_FDCWD, "/work/program", RENAME_EXCHANGE);
  renameat2(AT_FDCWD, "/work/was", AT_FDCWD, "/work/white", RENAME_WHITEOUT);
  MUST_FAIL(rename("/work", "/tmp/work"));
  MUST_FAIL(rename("/tmp", "/work/tmp"));
  MUST_FAIL(chmod("/work", 0));
  MUST_FAIL(chmod("/tmp", 0));
  MUST_FAIL(rmdir("/dev/shm"));
  MUST_FAIL(link("/usr/bin/env", "/tmp/env"));
  MUST_FAIL(linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "/tmp/input", AT_SYMLINK_FOLLOW));
  MUST_FAIL(linkat(0, "", AT_FDCWD, "/tmp/input", AT_EMPTY_PATH));
  open("/tmp", O_TMPFILE | O_RDWR, 0600);
  return held();
}
