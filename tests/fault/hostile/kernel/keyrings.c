// Keys, which are shared between sessions of a user: a way from one box to another.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  MUST_FAIL(syscall(SYS_add_key, "user", "gavel", "secret", 6, -3));
  MUST_FAIL(syscall(SYS_keyctl, 0, -3, 1));
  MUST_FAIL(syscall(SYS_keyctl, 1, NULL));
  MUST_FAIL(syscall(SYS_request_key, "user", "gavel", NULL, -3));
  return held();
}
