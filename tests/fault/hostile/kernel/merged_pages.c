// Pages that the kernel would compare and merge with equal ones of everybody, in a thread of its own: what others have in
// memory shows in how long a write takes.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/prctl.h>
int main(void) {
  size_t size = 1 << 20;
  char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 7, size);
  MUST_FAIL(madvise(pages, size, MADV_MERGEABLE));
  MUST_FAIL(prctl(67, 1, 0, 0, 0));  // PR_SET_MEMORY_MERGE
  MUST_HOLD(madvise(pages, size, MADV_DONTNEED) == 0 && pages[0] == 0);
  return held();
}
