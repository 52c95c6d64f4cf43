// Output without end that the kernel alone makes, in calls that are not over before it is.
// verdicts: OUTPUT_LIMIT_EXCEEDED
#include "held.h"
#include <sys/sendfile.h>
int main(void) {
  int zero = open("/dev/zero", O_RDONLY);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    if (sendfile(1, zero, NULL, 1UL << 40) <= 0 && splice(zero, NULL, 2, NULL, 1UL << 40, 0) <= 0) {
      static char block[1 << 20];
      if (write(1, block, sizeof block) < 0) return 1;
    }
  }
}
