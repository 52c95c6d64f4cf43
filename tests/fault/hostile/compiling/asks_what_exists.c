// Has the compiler tell which files there are.
// verdicts: ACCEPTED
#if __has_include("/etc/shadow") || __has_include("/root/.profile") || __has_include("/sys/kernel") || \
    __has_include("/proc/1/environ") || __has_include("/work/judge.in") || __has_include("/dev/sda") || \
    __has_include("/run/systemd") || __has_include("/home")
#error ESCAPED
#endif
#include "held.h"
int main(void) { return held(); }
