// What other runs left: QDUOJ OnlineJudge#165, Piston#757, isolate 2.6's /dev/shm. Leaves something of each kind.
// verdicts: ACCEPTED
#include "held.h"
#include <dirent.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
static int count(const char *path) {
  int entries = 0;
  DIR *folder = opendir(path);
  if (!folder) escaped(path);
  while (readdir(folder)) entries++;
  closedir(folder);
  return entries - 2;
}
int main(void) {
  MUST_HOLD(count("/tmp") == 0);
  MUST_HOLD(count("/dev/shm") == 0);
  MUST_FAIL(access("/work/secret", F_OK));
  MUST_FAIL(shmget(1, 1, 0));
  MUST_FAIL(semget(1, 1, 0));
  MUST_FAIL(msgget(1, 0));
  MUST_FAIL(syscall(SYS_mq_open, "secret", O_RDONLY, 0, NULL));
  close(open("/tmp/secret", O_CREAT | O_WRONLY, 0644));
  close(open("/dev/shm/secret", O_CREAT | O_WRONLY, 0644));
  close(open("/work/secret", O_CREAT | O_WRONLY, 0644));
  shmget(1, 4096, IPC_CREAT | 0666);
  semget(1, 1, IPC_CREAT | 0666);
  msgget(1, IPC_CREAT | 0666);
  return held();
}
