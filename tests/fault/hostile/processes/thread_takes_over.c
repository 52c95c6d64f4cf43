// Threads other than the first that exec, again and again: the process goes on under its old number, which init waits for.
// verdicts: ACCEPTED
#include "held.h"
#include <pthread.h>
static char **words;
static void *over(void *next) {
  execl("/proc/self/exe", words[0], (char *)next, NULL);
  _exit(1);
}
int main(int count, char **argv) {
  words = argv;
  int turn = count > 1 ? atoi(argv[1]) : 0;
  if (turn == 40) return held();
  char next[16];
  snprintf(next, sizeof next, "%d", turn + 1);
  pthread_t thread;
  if (pthread_create(&thread, NULL, over, next)) return 1;
  for (;;) pause();
}
