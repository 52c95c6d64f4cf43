// Room for files beyond their ends, which no file's size tells and no limit of a file's size holds.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED
// limits: memory_bytes=33554432 files_bytes=16777216
#include "held.h"
#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#endif
int main(void) {
  signal(SIGXFSZ, SIG_IGN);
  static const char *places[] = {"/tmp/a", "/dev/shm/b", "/work/c"};
  for (int i = 0; i < 3; i++) {
    int file = open(places[i], O_CREAT | O_RDWR, 0600);
    MUST_HOLD(file >= 0);
    for (long offset = 0; offset < 64; offset++) fallocate(file, FALLOC_FL_KEEP_SIZE, offset << 20, 1 << 20);
    struct stat status;
    fstat(file, &status);
    MUST_HOLD(status.st_blocks * 512 <= 16777216);
  }
  return held();
}
