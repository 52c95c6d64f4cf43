// Goes with every hostile C and C++ program: how it says whether its attack failed.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What is printed is not "held": the verdict becomes WRONG_ANSWER, and its feedback quotes this.
static inline void escaped(const char *what) {
  printf("ESCAPED %s: errno %d\n", what, errno);
  fflush(stdout);
  _exit(0);
}

static inline int held(void) {
  puts("held");
  return 0;
}

#define MUST_FAIL(call) \
  do { \
    errno = 0; \
    if ((long)(call) >= 0) escaped(#call); \
  } while (0)
#define MUST_HOLD(condition) \
  do { \
    if (!(condition)) escaped("not " #condition); \
  } while (0)

// The input tells the attacker what there is to attack on the host, a line `name value` each.
static inline const char *target(const char *name) {
  static char input[4096], value[512];
  if (!input[0]) {
    ssize_t size = read(0, input, sizeof input - 1);
    input[size < 0 ? 0 : size] = 0;
  }
  char pattern[64];
  snprintf(pattern, sizeof pattern, "%s %%511[^\n]", name);
  for (char *line = input; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
    if (sscanf(line, pattern, value) == 1) return value;
  escaped("the input has no such target");
  return NULL;
}
