// Files until nothing more can be written, in all folders: Piston's disk fill.
// verdicts: ACCEPTED
// limits: files_bytes=4194304 memory_bytes=134217728
#include "held.h"
int main(void) {
  static char block[65536];
  const char *folders[] = {"/work", "/tmp", "/dev/shm"};
  long written = 0;
  for (int folder = 0; folder < 3; folder++)
    for (int i = 0; i < 200; i++) {
      char name[64];
      snprintf(name, sizeof name, "%s/%d", folders[folder], i);
      int file = open(name, O_CREAT | O_WRONLY, 0600);
      for (int j = 0; j < 16; j++) written += write(file, block, sizeof block) > 0 ? sizeof block : 0;
      close(file);
    }
  MUST_HOLD(written <= 4194304);
  return held();
}
