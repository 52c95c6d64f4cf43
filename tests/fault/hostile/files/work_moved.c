// Moves its folders away and puts others in their place.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(rename("/work", "/tmp/work"));
  MUST_FAIL(rename("/tmp", "/work/tmp"));
  MUST_FAIL(rmdir("/dev/shm"));
  MUST_FAIL(rename("/.box", "/work/box"));
  struct stat status;
  MUST_FAIL(chdir("/.box"));
  MUST_FAIL(open("/.box", O_RDONLY));
  MUST_FAIL(stat("/.box/files", &status));
  MUST_FAIL(stat("/.box/scratch", &status));
  return held();
}
