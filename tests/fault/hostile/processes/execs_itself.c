// Becomes itself anew again and again: neither its CPU time nor its limits begin afresh.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
int main(int count, char **words) {
  (void)count;
  execv("/proc/self/exe", words);
  escaped("no exec");
}
