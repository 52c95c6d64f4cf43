// POSIX message queues, the kernel's memory under a name.
// verdicts: ACCEPTED
#include "held.h"
#include <mqueue.h>
int main(void) {
  MUST_FAIL(mq_open("/gavel", O_CREAT | O_RDWR, 0600, NULL));
  return held();
}
