// A file of a terabyte that takes no room.
// verdicts: OUTPUT_LIMIT_EXCEEDED RUN_TIME_ERROR
#include "held.h"
int main(void) {
  int file = open("/work/sparse", O_CREAT | O_WRONLY, 0600);
  if (ftruncate(file, 1LL << 40) == 0) escaped("a terabyte");
  return 1;
}
