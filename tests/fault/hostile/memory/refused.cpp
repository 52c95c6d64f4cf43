// More than any machine has, at once: the allocation fails, and nobody catches that.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
#include <vector>
int main(int words, char **) {
  std::vector<char> taken((size_t)words << 46);
  return taken[5] ? 1 : held();
}
