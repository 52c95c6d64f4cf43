// Judge0 CVE-2024-28189: the program's own file becomes a link to one of the host, for whoever changes its owner or
// mode next. The next run must run the program as it was compiled.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  const char *file = target("file");
  struct stat status;
  if (lstat("/work/program", &status) || !S_ISREG(status.st_mode)) escaped("the link of the last run");
  if (unlink("/work/program") == 0 && symlink(file, "/work/program")) escaped("neither kept nor replaced");
  chmod("/work", 0);
  chmod("/tmp", 0);
  return held();
}
