// Memory as files: /tmp is a tmpfs, and may hold more than the program's memory.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: files_bytes=268435456
#include "held.h"
int main(void) {
  static char block[1 << 20];
  int file = open("/tmp/memory", O_CREAT | O_WRONLY, 0600);
  for (int i = 0; i < 200; i++) if (write(file, block, sizeof block) < 0) escaped("full before the limit");
  return held();
}
