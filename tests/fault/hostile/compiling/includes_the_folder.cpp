// A folder, a pipe, a device and the compiler's own files in place of headers.
// verdicts: COMPILE_ERROR
#include "/work"
#include "/proc/self/fd/0"
#include "/dev/stdin"
#include "/dev/full"
#include "/proc/self/task"
int main() {}
