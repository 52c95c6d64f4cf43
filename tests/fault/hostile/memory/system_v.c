// System V memory, which outlives its process: the second run must find none.
// verdicts: MEMORY_LIMIT_EXCEEDED
#include "held.h"
#include <sys/ipc.h>
#include <sys/shm.h>
int main(void) {
  if (shmget(4242, 1, 0) >= 0) escaped("the memory of the last run");
  for (int i = 0; i < 200; i++) {
    char *taken = shmat(shmget(i ? IPC_PRIVATE : 4242, 1 << 20, IPC_CREAT | 0600), NULL, 0);
    if (taken != (char *)-1) memset(taken, 1, 1 << 20);
  }
  return held();
}
