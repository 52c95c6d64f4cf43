// Hard links to the system's files and to the host's own, under the program's name.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(link("/usr/bin/env", "/work/env"));
  MUST_FAIL(link("/etc/passwd", "/tmp/passwd"));
  MUST_FAIL(link(target("file"), "/work/file"));
  MUST_FAIL(linkat(AT_FDCWD, "/proc/self/exe", AT_FDCWD, "/tmp/exe", AT_SYMLINK_FOLLOW));
  MUST_FAIL(linkat(0, "", AT_FDCWD, "/work/stdin", AT_EMPTY_PATH));
  return held();
}
