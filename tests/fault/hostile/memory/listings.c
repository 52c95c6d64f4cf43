// The listing that the kernel may keep of each folder that was opened, read and then changed, in no account: of an overlay it
// held 945 MB so.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=5000
#include "held.h"
static long kept_kb(void) {
  static char text[8192];
  int file = open("/proc/meminfo", O_RDONLY);
  MUST_HOLD(read(file, text, sizeof text - 1) > 0);
  close(file);
  char *line = strstr(text, "SUnreclaim:");
  MUST_HOLD(line);
  return atol(line + strlen("SUnreclaim:"));
}
int main(void) {
  static char entries[1000];
  char path[400];
  long before = kept_kb();
  for (int i = 0; i < 3900; i++) {
    snprintf(path, sizeof path, "/work/%0240d", i);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    if (file < 0) break;
    close(file);
  }
  for (int i = 0; i < 500; i++) {
    int opened = open("/work", O_RDONLY | O_DIRECTORY);
    if (opened < 0) break;
    syscall(SYS_getdents64, opened, entries, sizeof entries);
    if (unlink("/work/x")) close(open("/work/x", O_CREAT | O_WRONLY, 0600));
    if (i % 20 == 0 && kept_kb() - before > 300 << 10) escaped("the kernel holds 300 MiB");
  }
  return held();
}
