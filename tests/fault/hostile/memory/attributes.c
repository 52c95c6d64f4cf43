// Extended attributes, of the kernel's memory and of no file's size.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=3000
// group: long
#include "held.h"
#include <sys/xattr.h>
int main(void) {
  static char value[60000], name[64];
  memset(value, 1, sizeof value);
  for (int file = 0; file < 4000; file++) {
    snprintf(name, sizeof name, file % 2 ? "/tmp/%d" : "/work/%d", file);
    int made = open(name, O_CREAT | O_WRONLY, 0600);
    if (made < 0) break;
    for (int i = 0; i < 8; i++) {
      snprintf(name, sizeof name, "user.%d", i);
      if (fsetxattr(made, name, value, sizeof value, 0) < 0) break;
    }
    close(made);
  }
  return held();
}
