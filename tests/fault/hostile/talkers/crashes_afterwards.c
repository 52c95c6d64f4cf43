// Answers right and closes its end; then it ends badly, which the interactor's yes does not make good.
// verdicts: RUN_TIME_ERROR
#include "held.h"
int main(void) {
  char line[64];
  ssize_t size = read(0, line, sizeof line);
  write(1, line, size);
  close(1);
  return 3;
}
