// The same through threads of processes that each fork.
// Memory as in fork_bomb.c.
// verdicts: TIME_LIMIT_EXCEEDED MEMORY_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
#include <thread>
int main() {
  for (;;) {
    try {
      std::thread([] { for (int i = 0; i < 100; i++) fork(); }).detach();
    } catch (...) {
    }
  }
}
