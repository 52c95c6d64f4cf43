// Folders as deep as they go, which whoever cleans up would follow. Left there.
// verdicts: ACCEPTED
// limits: cpu_time_ms=3000
#include "held.h"
int main(void) {
  char name[200];
  memset(name, 'd', sizeof name - 1);
  name[sizeof name - 1] = 0;
  if (access("/work/", W_OK) || !access(name, F_OK)) escaped("the folders of the last run");
  for (int i = 0; i < 4000; i++)
    if (mkdir(name, 0700) || chdir(name)) break;
  return held();
}
