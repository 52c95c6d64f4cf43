// Watches of watches of watches (epoll), whose every event wakes all that lie above it.
// verdicts: ACCEPTED MEMORY_LIMIT_EXCEEDED TIME_LIMIT_EXCEEDED
// group: long
#include "held.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
int main(void) {
  int layer[5][100];
  struct epoll_event event = {EPOLLIN, {0}};
  for (int depth = 0; depth < 5; depth++)
    for (int i = 0; i < 100; i++) {
      layer[depth][i] = depth ? epoll_create1(0) : eventfd(0, EFD_NONBLOCK);
      for (int below = 0; depth && below < 100; below++)
        if (epoll_ctl(layer[depth][i], EPOLL_CTL_ADD, layer[depth - 1][below], &event)) break;
    }
  for (int i = 0; i < 100; i++) {
    uint64_t one = 1;
    if (write(layer[0][i], &one, sizeof one) < 0) break;
    epoll_wait(layer[4][i], &event, 1, 0);
  }
  return held();
}
