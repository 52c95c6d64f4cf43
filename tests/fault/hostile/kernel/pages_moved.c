// Moves pages of other processes between nodes, and asks which of the shared files lie in memory.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  unsigned long node = 1;
  void *page = &node;
  int status;
  MUST_FAIL(syscall(SYS_migrate_pages, 1, 8, &node, &node));
  MUST_FAIL(syscall(SYS_move_pages, 1, 1, &page, NULL, &status, 0));
  MUST_FAIL(syscall(451, 0, NULL, NULL, 0));  // cachestat
  return held();
}
