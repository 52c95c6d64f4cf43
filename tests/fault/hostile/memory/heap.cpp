// A container that doubles, whose exception is caught.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
#include <vector>
int main() {
  for (;;) {
    try {
      std::vector<long> taken;
      for (;;) taken.push_back(1);
    } catch (...) {
    }
  }
}
