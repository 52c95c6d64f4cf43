// An executable with holes, which the kernel fills where one maps it and reads: for the next test to see.
// verdicts: ACCEPTED
// tests: 3
#include "held.h"
__attribute__((section(".first"), aligned(1 << 20))) int first[] = {1};
__attribute__((section(".second"), aligned(1 << 20))) int second[] = {2};
int main(void) {
  int file = open("/proc/self/exe", O_RDONLY);
  struct stat before, after;
  MUST_HOLD(file >= 0 && fstat(file, &before) == 0 && before.st_size > 2 << 20);
  const volatile char *shown = mmap(NULL, before.st_size, PROT_READ, MAP_SHARED, file, 0);
  MUST_HOLD(shown != MAP_FAILED);
  for (long at = 0; at < before.st_size; at += 4096) (void)shown[at];
  madvise((void *)shown, before.st_size, 21);  // MADV_PAGEOUT: what the kernel filled for a reader is dropped again
  MUST_HOLD(fstat(file, &after) == 0);
  if (before.st_blocks != after.st_blocks || first[0] == second[0]) escaped("a hole tells the next test what was read");
  return held();
}
