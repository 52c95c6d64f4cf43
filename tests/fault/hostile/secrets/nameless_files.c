// Files without a name, that leave no trace in counts and times of their folder: only the numbers of inodes move, by which
// one run could tell the next.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
int main(void) {
  for (char **folder = (char *[]){"/tmp", "/dev/shm", NULL}; *folder; folder++) {
    struct stat status;
    int first = open(*folder, O_TMPFILE | O_RDWR, 0600);
    MUST_HOLD(first >= 0 && fstat(first, &status) == 0 && status.st_ino < 1000);
    close(first);
  }
  for (int i = 0; i < 2000; i++) close(open("/tmp", O_TMPFILE | O_RDWR, 0600));
  return held();
}
