// The overlay's own attributes and whiteouts, which tell it to look elsewhere or to hide what is below.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/sysmacros.h>
#include <sys/xattr.h>
int main(void) {
  if (access("/work/program", X_OK) || access("/work/held.h", R_OK)) escaped("hidden by the last run");
  const char *names[] = {"redirect", "opaque", "metacopy", "origin", "whiteout", "protattr"};
  mkdir("/work/folder", 0700);
  for (int i = 0; i < 6; i++) {
    char name[64];
    snprintf(name, sizeof name, "user.overlay.%s", names[i]);
    setxattr("/work/folder", name, "/../../..", 9, 0);
    MUST_FAIL(setxattr("/work", name, "y", 1, 0));
    snprintf(name, sizeof name, "trusted.overlay.%s", names[i]);
    MUST_FAIL(setxattr("/work/folder", name, "y", 1, 0));
  }
  mknod("/work/whiteout", S_IFCHR, makedev(0, 0));
  rename("/work/whiteout", "/work/program");
  rename("/work/folder", "/work/held.h");
  return held();
}
