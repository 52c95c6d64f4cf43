// Watches the system's folders, whose files host and boxes share: who opens what, and when.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/inotify.h>
int main(void) {
  MUST_FAIL(inotify_init1(0));
  MUST_FAIL(syscall(SYS_inotify_add_watch, 0, "/usr/bin", IN_OPEN));
  MUST_FAIL(syscall(SYS_fanotify_init, 0, O_RDONLY));
  MUST_FAIL(fcntl(open("/usr/bin", O_RDONLY | O_DIRECTORY), F_NOTIFY, DN_ACCESS | DN_MULTISHOT));
  return held();
}
