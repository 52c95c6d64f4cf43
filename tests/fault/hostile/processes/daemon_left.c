// DMOJ judge-server#318: a daemon that outlives the program. The next run of the box looks for it.
// verdicts: ACCEPTED
#include "held.h"
#include <dirent.h>
int main(void) {
  int processes = 0;
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc));) processes += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
  if (processes != 1) escaped("another process is here");
  for (int i = 0; i < 5; i++)
    if (!fork()) {
      setsid();
      if (fork()) _exit(0);
      for (int fd = 0; fd < 1024; fd++) close(fd);
      for (;;) pause();
    }
  return held();
}
