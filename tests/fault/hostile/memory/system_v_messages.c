// Messages in queues, which are the kernel's memory, and stay.
// verdicts: MEMORY_LIMIT_EXCEEDED
// limits: memory_bytes=33554432
#include "held.h"
#include <sys/ipc.h>
#include <sys/msg.h>
int main(void) {
  static struct { long kind; char text[8192]; } message = {1, ""};
  for (int i = 0; i < 20000; i++) {
    int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    if (queue < 0) break;
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0);
  }
  return held();
}
