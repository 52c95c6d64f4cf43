// Huge pages of the machine's pool, which no cgroup of memory counts: refused, whether there are any or not.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/ipc.h>
#include <sys/shm.h>
int main(void) {
  void *taken = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (taken != MAP_FAILED || errno != EPERM) escaped("mmap");
  MUST_FAIL(memfd_create("huge", MFD_HUGETLB));
  MUST_FAIL(shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | SHM_HUGETLB | 0600));
  return held();
}
