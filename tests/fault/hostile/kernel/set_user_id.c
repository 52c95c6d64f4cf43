// Programs that the host marks set-user-id, and one of its own making.
// verdicts: ACCEPTED
#include "held.h"
int main(int count, char **words) {
  if (count > 1) {
    MUST_HOLD(getuid() == 1000 && geteuid() == 1000 && getegid() == 1000);
    return held();
  }
  const char *paths[] = {"/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/chsh", "/usr/bin/newgrp"};
  for (int i = 0; i < 5; i++)
    if (!fork()) {
      close(1);
      close(2);
      execl(paths[i], paths[i], "-c", "echo ESCAPED >/work/escaped", (char *)NULL);
      _exit(0);
    }
  while (wait(NULL) > 0);
  MUST_FAIL(access("/work/escaped", F_OK));
  MUST_FAIL(chown("/tmp", 0, 0));
  int from = open("/proc/self/exe", O_RDONLY), to = open("/tmp/copy", O_CREAT | O_WRONLY, 0700);
  char block[65536];
  for (ssize_t size; (size = read(from, block, sizeof block)) > 0;) if (write(to, block, size) != size) escaped("copy");
  fchmod(to, 06755);
  MUST_FAIL(fchown(to, 0, 0));
  close(to);
  execl("/tmp/copy", words[0], "again", (char *)NULL);
  escaped("no exec");
}
