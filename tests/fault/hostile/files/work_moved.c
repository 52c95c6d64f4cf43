// Moves its folders away and puts others in their place.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(rename("/work", "/tmp/work"));
  MUST_FAIL(rename("/tmp", "/work/tmp"));
  MUST_FAIL(rmdir("/dev/shm"));
  MUST_FAIL(rename("/.box", "/work/box"));
  MUST_FAIL(chdir("/.box/work"));
  MUST_FAIL(open("/.box/scratch/upper", O_RDONLY));
  return held();
}
