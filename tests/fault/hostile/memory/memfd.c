// Anonymous files that nothing but a descriptor holds.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
int main(void) {
  static char block[1 << 20];
  for (int i = 0; i < 200; i++) {
    int file = memfd_create("memory", 0);
    if (write(file, block, sizeof block) < 0) escaped("no memfd");
  }
  return held();
}
